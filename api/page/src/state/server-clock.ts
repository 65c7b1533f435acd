// The server's clock, told by the Date of its answers: "2 s ago" must not depend on the clock of the
// browser's machine.
import { signal } from "@preact/signals";

let ahead_ms = 0;

/** Take the `Date` of an answer that has just come. */
export function noteDate(date: string | null): void {
  const at = date === null ? NaN : Date.parse(date);
  if (!Number.isNaN(at)) {
    const ahead = at - Date.now();
    // The header counts whole seconds: a small difference is none.
    ahead_ms = Math.abs(ahead) < 2000 ? 0 : ahead;
  }
}

export function serverNow(): number {
  return Date.now() + ahead_ms;
}

/** The server's time, ms since 1970; moves once a second while somebody `ticks`. */
export const now = signal(serverNow());

/** Let `now` move; returns what stops it. */
export function ticks(): () => void {
  now.value = serverNow();
  const timer = setInterval(() => {
    now.value = serverNow();
  }, 1000);
  return () => clearInterval(timer);
}
