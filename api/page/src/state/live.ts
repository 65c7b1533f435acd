// The live connection of the page: cameras, the stream of sightings, how the installation is. Views
// call `follow` while they are open.
import { signal } from "@preact/signals";
import * as api from "../api/calls";
import { ApiError } from "../api/calls";
import type { Health, LiveMessage, SightingInfo } from "../api/types";
import { arrive, closedIn, EMPTY, release, type Feed } from "../live/feed";
import { startLink, type Link, type LinkState, type Socket } from "../live/link";
import { onReturn } from "./connection";
import { serverNow, ticks } from "./server-clock";
import { signedOut } from "./session";
import { cameras, renewed } from "./site";

const HEALTH_MS = 15_000;
const FLUSH_MS = 150;
const UNAUTHORISED = 4401;
/** A new hello makes up for messages that were left out; not more often than this. */
const MAKE_UP_MS = 30_000;

export const link = signal<LinkState>("connecting");
/** When anything was last heard, ms since 1970. */
export const heardAt = signal<number | null>(null);
export const feed = signal<Feed>(EMPTY);
export const health = signal<Health | null>(null);
/** Messages that the server left out because this browser was too slow. */
export const numLost = signal(0);
/** The reader scrolled or paused: news wait. */
export const held = signal(false);
export const paused = signal(false);

export function showWaiting(): void {
  feed.value = release(feed.value);
}

export function resume(): void {
  paused.value = false;
  showWaiting();
}

let madeUpAt = 0;
let pending: readonly SightingInfo[] = [];
let flushing: number | null = null;

function hear(message: LiveMessage): void {
  heardAt.value = serverNow();
  switch (message.type) {
    case "hello":
      numLost.value = 0;
      cameras.value = message.cameras;
      break;
    case "cameras":
      cameras.value = renewed(cameras.value, message.cameras);
      break;
    case "lost":
      numLost.value += message.num_lost;
      if (Date.now() - madeUpAt > MAKE_UP_MS) {
        madeUpAt = Date.now();
        running?.doubt();
      }
      break;
    case "sighting":
      break;
  }
  const news = closedIn(message);
  if (news.length === 0) return;
  pending = [...news, ...pending];
  flushing ??= window.setTimeout(flush, FLUSH_MS);
}

/** A city's cameras close many sightings a second: the page is drawn for some at a time. */
function flush(): void {
  flushing = null;
  const news = pending;
  pending = [];
  feed.value = arrive(feed.value, news, held.value || paused.value);
}

async function poll(): Promise<void> {
  cameras.value = (await api.cameras()).cameras;
  heardAt.value = serverNow();
}

async function askHealth(): Promise<void> {
  try {
    health.value = await api.health();
  } catch (error) {
    // An open socket says nothing of a server that went away without a word.
    if (error instanceof ApiError && error.code === "offline") running?.doubt();
  }
}

function openSocket(): Socket {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/api/v1/live`);
  const opened: Socket = { onmessage: null, onclose: null, close: () => socket.close() };
  socket.onmessage = (event) => opened.onmessage?.(event);
  socket.onclose = (event) => {
    if (event.code === UNAUTHORISED) signedOut();
    opened.onclose?.(event);
  };
  return opened;
}

let running: Link | null = null;
let followers = 0;
let end: () => void = () => undefined;

function begin(): void {
  running = startLink({
    open: openSocket,
    poll,
    hear,
    changed: (state) => {
      link.value = state;
    },
    later: (run, ms) => window.setTimeout(run, ms),
    forget: (timer) => window.clearTimeout(timer),
    chance: Math.random,
  });
  void askHealth();
  const timer = window.setInterval(() => void askHealth(), HEALTH_MS);
  const still = ticks();
  const back = () => {
    if (document.visibilityState === "visible") running?.hurry();
  };
  document.addEventListener("visibilitychange", back);
  const returned = onReturn(back);
  end = () => {
    running?.stop();
    running = null;
    clearInterval(timer);
    still();
    document.removeEventListener("visibilitychange", back);
    returned();
  };
}

/** Stay connected until the returned function is called. */
export function follow(): () => void {
  followers += 1;
  if (followers === 1) begin();
  let done = false;
  return () => {
    if (done) return;
    done = true;
    followers -= 1;
    if (followers === 0) end();
  };
}
