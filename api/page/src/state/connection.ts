// Whether the server answers. Lost by a request without an answer, found again by asking "/live"
// with growing pauses. What is on the screen stays where it is.
import { signal } from "@preact/signals";

export const online = signal(true);

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 15_000;
const HEARTBEAT_MS = 20_000;
const PATIENCE_MS = 5000;

const waiting = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;
let pauseMs = FIRST_PAUSE_MS;

/** Call `again` each time the server answers again; returns how to stop that. */
export function onReturn(again: () => void): () => void {
  waiting.add(again);
  return () => void waiting.delete(again);
}

export function noAnswer(): void {
  if (online.peek()) {
    online.value = false;
    pauseMs = FIRST_PAUSE_MS;
    plan(pauseMs);
  }
}

export function answered(): void {
  if (online.peek()) return;
  online.value = true;
  plan(HEARTBEAT_MS);
  for (const again of [...waiting]) again();
}

/** Ask now, whatever the pause. */
export async function probe(): Promise<void> {
  try {
    const answer = await fetch("/live", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(String(answer.status));
    answered();
    plan(HEARTBEAT_MS);
  } catch {
    noAnswer();
    plan(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

function plan(inMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // A hidden tab need not know.
    if (document.visibilityState === "hidden" && online.peek()) plan(HEARTBEAT_MS);
    else void probe();
  }, inMs);
}

export function watch(): void {
  addEventListener("offline", () => void probe());
  addEventListener("online", () => void probe());
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void probe();
  });
  plan(HEARTBEAT_MS);
}
