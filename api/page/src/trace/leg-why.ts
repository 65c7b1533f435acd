// Why a leg is in its route, put into words from its facts: first the drive to it, then the
// sighting itself. The same sentences as the server's `why`, in both languages.
import type { LegInfo } from "../api/types";
import { say } from "../state/language";
import { distance, duration } from "../state/times";
import { traceWords } from "../words/trace";

export type Tone = "plain" | "good" | "warn" | "gap";
export interface Reason { text: string; tone: Tone }
export interface LegWhy {
  /** "86 m by road in 14 s · 23 km/h"; null for the first leg. */
  drive: string | null;
  driveNotes: Reason[];
  seen: Reason[];
}

const NAMED = 4;

export function whyOf(leg: LegInfo, before: LegInfo | null): LegWhy {
  return { ...driveOf(leg, before), seen: seenOf(leg) };
}

function seenOf(leg: LegInfo): Reason[] {
  const words = say(traceWords).why;
  const { given, confirmed, rank, num_hits } = leg.facts;
  const reasons: Reason[] = [];
  if (given && leg.score === null) reasons.push({ text: leg.sighting_id ? words.asked : words.place, tone: "plain" });
  else if (given) reasons.push({ text: words.atPlace, tone: "good" });
  if (confirmed) reasons.push({ text: words.confirmed, tone: "good" });
  if (leg.score !== null) {
    const score = leg.score.toFixed(2);
    reasons.push({ text: rank === null ? words.similarityOnly(score) : words.similarity(score, rank, num_hits), tone: "plain" });
  }
  // A kind of leg that this page does not know yet: the server's own words.
  return reasons.length > 0 ? reasons : [{ text: leg.why, tone: "plain" }];
}

function driveOf(leg: LegInfo, before: LegInfo | null): Pick<LegWhy, "drive" | "driveNotes"> {
  if (!before || leg.travel_s === null) return { drive: null, driveNotes: [] };
  const words = say(traceWords).why;
  const { travel_s: took_s, facts } = leg;
  const took = precise(Math.max(took_s, 0));
  if (before.camera_id === leg.camera_id) return { drive: words.again(took), driveNotes: [] };
  const notes: Reason[] = [];
  const tolerance_s = facts.tolerance_s ?? 0;
  let drive: string;
  if (facts.distance_m === null) {
    drive = words.timeOnly(took);
    if (took_s <= 0) notes.push(atOnce(took_s));
  } else {
    const far = distance(facts.distance_m);
    drive = facts.basis === "places" ? words.straight(far, took) : words.road(far, took);
    if (took_s > 0) drive += ` · ${words.speed(Math.round((facts.distance_m / took_s) * 3.6))}`;
    notes.push(...plausible(took_s, facts.earliest_s, facts.latest_s, tolerance_s));
  }
  if (facts.unseen.length > 0) notes.push({ text: words.unseen(listed(facts.unseen)), tone: "warn" });
  if (facts.down.length > 0) notes.push({ text: words.down(listed(facts.down)), tone: "gap" });
  if (tolerance_s >= 0.05 && facts.distance_m !== null) notes.push({ text: words.tolerance(precise(tolerance_s)), tone: "plain" });
  return { drive, driveNotes: notes };
}

function plausible(took_s: number, earliest_s: number | null, latest_s: number | null, tolerance_s: number): Reason[] {
  const words = say(traceWords).why;
  if (took_s <= 0) return [atOnce(took_s)];
  if (earliest_s !== null && took_s < earliest_s) return [{ text: words.fast(precise(earliest_s), precise(tolerance_s)), tone: "warn" }];
  if (earliest_s === null || latest_s === null) return [];
  const span = spanOf(earliest_s, latest_s);
  return took_s <= latest_s + tolerance_s ? [{ text: words.plausible(span), tone: "plain" }] : [{ text: words.slow(span), tone: "warn" }];
}

function atOnce(took_s: number): Reason {
  const words = say(traceWords).why;
  return { text: took_s < -0.05 ? words.overlap(precise(-took_s)) : words.atOnce, tone: "warn" };
}

/** Short times keep a tenth of a second: "1.2 s". */
export function precise(seconds: number): string {
  if (seconds < 9.95 && Math.abs(seconds - Math.round(seconds)) >= 0.05) return duration(1).replace("1", seconds.toFixed(1));
  return duration(seconds);
}

/** "2–112 s"; both units where they differ: "12 s – 3 min". */
export function spanOf(least_s: number, most_s: number): string {
  const [least, most] = [duration(least_s), duration(most_s)];
  const [number = "", unit] = least.split(" ");
  return most.endsWith(` ${unit}`) ? `${number}–${most}` : `${least} – ${most}`;
}

function listed(ids: readonly string[]): string {
  const words = say(traceWords).why;
  if (ids.length > NAMED) return `${ids.slice(0, NAMED - 1).join(", ")}${words.and}${words.more(ids.length - NAMED + 1)}`;
  return ids.length === 1 ? ids[0]! : `${ids.slice(0, -1).join(words.and === "、" ? "、" : ", ")}${words.and}${ids.at(-1)}`;
}
