// Wall times of a zone and moments. Pure: the zone is given.
import { site } from "./site";

export const siteZone = (): string => site.value?.timezone ?? "UTC";

/** Making one is slow, using it is not. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric",
    minute: "numeric", second: "numeric",
  });
  formats.set(zone, made);
  return made;
}

/** Seconds that a zone is ahead of UTC at a moment. */
function aheadS(moment: number, zone: string): number {
  const parts = formatOf(zone).formatToParts(new Date(moment));
  const number = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(number("year"), number("month") - 1, number("day"), number("hour"), number("minute"), number("second"));
  return Math.round((wall - Math.floor(moment / 1000) * 1000) / 1000);
}

const two = (value: number) => String(value).padStart(2, "0");

function offsetText(seconds: number): string {
  const minutes = Math.abs(Math.round(seconds / 60));
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Moment -> "2026-11-22T21:30:00" on the walls of the zone (what a datetime-local input shows). */
export function wallOf(iso: string, zone: string): string {
  const moment = Date.parse(iso);
  if (Number.isNaN(moment)) return "";
  return new Date(moment + aheadS(moment, zone) * 1000).toISOString().slice(0, 19);
}

/**
 * Wall time of the zone -> ISO 8601 with the zone's offset; null where it is no time. A wall time
 * that comes twice (clocks set back) is the earlier one; one that never comes is moved by the gap.
 */
export function isoOf(wall: string, zone: string): string | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?/.exec(wall);
  if (!match) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Number.isNaN(asUtc) || new Date(asUtc).getUTCDate() !== day || new Date(asUtc).getUTCMonth() !== month - 1) return null;
  const DAY_MS = 86_400_000;
  const candidates = [aheadS(asUtc - DAY_MS, zone), aheadS(asUtc + DAY_MS, zone)]
    .map((ahead) => asUtc - ahead * 1000)
    .sort((a, b) => a - b);
  const exact = candidates.find((moment) => moment + aheadS(moment, zone) * 1000 === asUtc);
  return withOffset(exact ?? candidates[1] ?? asUtc, zone);
}

/** Moment in milliseconds -> ISO 8601 with the zone's offset, whole seconds. */
export function withOffset(moment: number, zone: string): string {
  const ahead = aheadS(moment, zone);
  return new Date(moment + ahead * 1000).toISOString().slice(0, 19) + offsetText(ahead);
}

export function shifted(iso: string, seconds: number, zone: string): string {
  return withOffset(Date.parse(iso) + seconds * 1000, zone);
}

/** "UTC+08:00" for the label of a time input. */
export function zoneText(iso: string | null, zone: string): string {
  const moment = iso ? Date.parse(iso) : Date.now();
  return `UTC${offsetText(aheadS(Number.isNaN(moment) ? Date.now() : moment, zone))}`;
}
