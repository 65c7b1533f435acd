// Times of day from when to when, in the site's zone.
import type { Time } from "../api/types";
import { clock, day } from "../state/times";

/** "10:18:05–10:18:21"; one time where both fall into one second; the day where it changes. */
export function clockSpan(from: Time, to: Time): string {
  const [first, last] = [clock(from), clock(to)];
  if (day(from) !== day(to)) return `${day(from)} ${first} – ${day(to)} ${last}`;
  return first === last ? first : `${first}–${last}`;
}

export const seconds = (from: Time, to: Time): number => (Date.parse(to) - Date.parse(from)) / 1000;
