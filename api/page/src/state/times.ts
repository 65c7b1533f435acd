// Times are shown in the site's zone, whatever the zone of the browser.
import { language } from "./language";
import { site } from "./site";

/** Making one is slow, and lists hold hundreds of times. */
const formats = new Map<string, Intl.DateTimeFormat>();

function format(iso: string, options: Intl.DateTimeFormatOptions): string {
  const zone = site.value?.timezone ?? "UTC";
  const tag = language.value === "zh" ? "zh-CN" : "en-GB";
  const key = `${tag} ${zone} ${Object.keys(options).join()}`;
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat(tag, { ...options, timeZone: zone, hourCycle: "h23" });
    formats.set(key, known);
  }
  return known.format(new Date(iso));
}

export const clock = (iso: string) => format(iso, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const day = (iso: string) => format(iso, { year: "numeric", month: "short", day: "numeric" });
export const dayAndClock = (iso: string) => `${day(iso)} ${clock(iso)}`;

/** "14 s", "3 min", "1.5 h". */
export function duration(seconds: number): string {
  const zh = language.value === "zh";
  if (Math.abs(seconds) < 120) return `${Math.round(seconds)} ${zh ? "秒" : "s"}`;
  if (Math.abs(seconds) < 5400) return `${Math.round(seconds / 60)} ${zh ? "分钟" : "min"}`;
  return `${(seconds / 3600).toFixed(1)} ${zh ? "小时" : "h"}`;
}

export function distance(metres: number): string {
  const zh = language.value === "zh";
  return metres < 1000 ? `${Math.round(metres)} ${zh ? "米" : "m"}` : `${(metres / 1000).toFixed(1)} ${zh ? "公里" : "km"}`;
}

/** The offset of the site's zone at a moment, for example "+08:00"; makes a wall time exact. */
export function offsetAt(at: Date): string {
  const zone = site.value?.timezone ?? "UTC";
  const name = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? "+00:00" : name.replace("GMT", "");
}

/** "21:00–22:00": the hour that a moment is in. */
export function hour(iso: string): string {
  const start = Number(format(iso, { hour: "2-digit" }).replace(/\D/g, ""));
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(start)}:00–${two(start + 1)}:00`;
}
