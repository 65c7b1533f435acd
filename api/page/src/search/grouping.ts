// Hits in groups: by rank (one group), by hour or by camera. Pure.
import type { HitInfo } from "../api/types";
import { wallOf } from "../state/zone";

export type Grouping = "rank" | "time" | "camera";
export interface Group {
  key: string;
  /** First moment of a group by time, ISO 8601. */
  from: string | null;
  camera: string | null;
  hits: HitInfo[];
}

export function grouped(hits: readonly HitInfo[], by: Grouping, zone: string): Group[] {
  const ranked = [...hits].sort((a, b) => a.rank - b.rank);
  if (by === "rank") return ranked.length ? [{ key: "rank", from: null, camera: null, hits: ranked }] : [];
  const groups = new Map<string, Group>();
  if (by === "camera") {
    // The camera with the best hit first.
    for (const hit of ranked) {
      const group = groups.get(hit.camera_id) ?? { key: hit.camera_id, from: null, camera: hit.camera_id, hits: [] };
      group.hits.push(hit);
      groups.set(hit.camera_id, group);
    }
    return [...groups.values()];
  }
  const timed = ranked.sort((a, b) => Date.parse(a.first_seen) - Date.parse(b.first_seen));
  for (const hit of timed) {
    const key = wallOf(hit.first_seen, zone).slice(0, 13);
    const group = groups.get(key) ?? { key, from: hit.first_seen, camera: null, hits: [] };
    group.hits.push(hit);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The place in a grid of cards that an arrow key leads to; `columns` of the row at hand. */
export function stepTo(at: number, key: string, columns: number, num: number): number | null {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -at, End: num - 1 - at }[key];
  if (step === undefined) return null;
  const to = at + step;
  if (to >= 0 && to < num) return to;
  // Down from the last full row: to the last card rather than nowhere.
  return key === "ArrowDown" && at < num - 1 ? num - 1 : at;
}
