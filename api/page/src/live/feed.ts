// The stream of the latest sightings. What a person reads never moves: while the stream is held
// (scrolled or paused), news wait in front of it and are counted.
import type { LiveMessage, SightingInfo } from "../api/types";

export interface Feed {
  /** Newest first. */
  shown: readonly SightingInfo[];
  /** Came while the stream was held; newest first, none of them in `shown`. */
  waiting: readonly SightingInfo[];
}

export const EMPTY: Feed = { shown: [], waiting: [] };
/** So many are kept; the archive has them all. */
export const MOST = 200;

/** The closed sightings that a message brings, newest first. */
export function closedIn(message: LiveMessage): readonly SightingInfo[] {
  if (message.type === "hello") {
    // The server's order is that of coming into view.
    return message.latest
      .filter((one) => one.state === "closed")
      .sort((one, other) => Date.parse(other.last_seen) - Date.parse(one.last_seen));
  }
  return message.type === "sighting" && message.sighting.state === "closed" ? [message.sighting] : [];
}

/** Take news (newest first); a sighting that is there already is renewed where it stands. */
export function arrive(feed: Feed, news: readonly SightingInfo[], held: boolean): Feed {
  const known = new Set([...feed.shown, ...feed.waiting].map((one) => one.sighting_id));
  const fresh: SightingInfo[] = [];
  const renewed = new Map<string, SightingInfo>();
  for (const one of news) {
    if (known.has(one.sighting_id)) {
      renewed.set(one.sighting_id, one);
    } else {
      known.add(one.sighting_id);
      fresh.push(one);
    }
  }
  if (fresh.length === 0 && renewed.size === 0) return feed;
  const renew = (one: SightingInfo) => renewed.get(one.sighting_id) ?? one;
  const shown = renewed.size ? feed.shown.map(renew) : feed.shown;
  const waiting = renewed.size ? feed.waiting.map(renew) : feed.waiting;
  if (held) return { shown, waiting: [...fresh, ...waiting].slice(0, MOST) };
  return { shown: [...fresh, ...waiting, ...shown].slice(0, MOST), waiting: [] };
}

/** Show what waited. */
export function release(feed: Feed): Feed {
  if (feed.waiting.length === 0) return feed;
  return { shown: [...feed.waiting, ...feed.shown].slice(0, MOST), waiting: [] };
}

/** Only those of one camera; all where none is chosen. */
export function ofCamera(sightings: readonly SightingInfo[], camera: string | null): readonly SightingInfo[] {
  return camera === null ? sightings : sightings.filter((one) => one.camera_id === camera);
}

/** Earlier sightings of a camera, read from the archive, behind those of the stream. */
export function joined(first: readonly SightingInfo[], then: readonly SightingInfo[]): readonly SightingInfo[] {
  const known = new Set(first.map((one) => one.sighting_id));
  return [...first, ...then.filter((one) => !known.has(one.sighting_id))];
}
