// Keeps a live connection: opens the socket again with growing, jittered delays, and asks by
// request while there is none. Socket, clock and chance are given, so that tests can play them.
import type { LiveMessage } from "../api/types";

export type LinkState = "connecting" | "open" | "polling" | "offline";

export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  close(): void;
}

export interface Surroundings {
  open(): Socket;
  /** Read the lists by request; rejects when the server does not answer. */
  poll(): Promise<void>;
  hear(message: LiveMessage): void;
  changed(state: LinkState): void;
  later(run: () => void, ms: number): number;
  forget(timer: number): void;
  /** 0 up to but not including 1. */
  chance(): number;
}

export interface Link {
  /** Try the socket at once (the tab came back, the network too). */
  hurry(): void;
  /** The server seems gone though the socket is open: start over. */
  doubt(): void;
  stop(): void;
}

export const FIRST_MS = 500;
export const LONGEST_MS = 30_000;
export const POLL_MS = 5_000;
/** A socket that says nothing for so long after it was opened is given up. */
export const HELLO_MS = 10_000;

/** 0.5 s, 1 s, 2 s … 30 s, of which between a half and all: clients must not come back at once. */
export function delayMs(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(whole * (0.5 + chance / 2));
}

export function messageOf(data: unknown): LiveMessage | null {
  try {
    const said = JSON.parse(String(data)) as LiveMessage | null;
    return said !== null && typeof said === "object" && typeof said.type === "string" ? said : null;
  } catch {
    return null;
  }
}

export function startLink(around: Surroundings): Link {
  let socket: Socket | null = null;
  let state: LinkState | null = null;
  let failures = 0;
  let stopped = false;
  let retry: number | null = null;
  let patience: number | null = null;
  let next: number | null = null;
  let polling = false;

  function become(now: LinkState): void {
    if (state === now) return;
    state = now;
    around.changed(now);
  }

  function drop(timer: number | null): null {
    if (timer !== null) around.forget(timer);
    return null;
  }

  function connect(): void {
    retry = drop(retry);
    if (stopped || socket) return;
    if (state === null) become("connecting");
    let made: Socket;
    try {
      made = around.open();
    } catch {
      lost();
      return;
    }
    socket = made;
    patience = around.later(() => made.close(), HELLO_MS);
    made.onmessage = ({ data }) => {
      const message = messageOf(data);
      if (stopped || made !== socket || !message) return;
      if (message.type === "hello") {
        patience = drop(patience);
        failures = 0;
        next = drop(next);
        become("open");
      }
      around.hear(message);
    };
    made.onclose = () => {
      if (made !== socket) return;
      socket = null;
      patience = drop(patience);
      if (!stopped) lost();
    };
  }

  function lost(): void {
    if (state === null || state === "open") become("connecting");
    retry = drop(retry);
    retry = around.later(connect, delayMs(failures, around.chance()));
    failures += 1;
    if (next === null && !polling) void ask();
  }

  async function ask(): Promise<void> {
    next = null;
    polling = true;
    const before = state;
    try {
      await around.poll();
      if (!stopped && state !== "open") {
        become("polling");
        if (before === "offline") hurry();
      }
    } catch {
      if (!stopped && state !== "open") become("offline");
    }
    polling = false;
    if (!stopped && !(state === "open" && socket)) next = around.later(() => void ask(), POLL_MS);
  }

  function hurry(): void {
    if (stopped || socket) return;
    failures = 0;
    connect();
  }

  function doubt(): void {
    const old = socket;
    if (stopped || !old) return;
    socket = null;
    patience = drop(patience);
    old.close();
    lost();
  }

  connect();
  return {
    hurry,
    doubt,
    stop() {
      stopped = true;
      retry = drop(retry);
      patience = drop(patience);
      next = drop(next);
      const old = socket;
      socket = null;
      old?.close();
    },
  };
}
