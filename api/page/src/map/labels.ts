// Finds free places for labels: beside their point, off lines, stops and each other.
import type { Point, Size } from "./view";

/** x1, y1, x2, y2 in pixels. */
export type Rect = readonly [number, number, number, number];

export interface Wanted {
  key: string;
  at: Point;
  size: Size;
  /** How far from the point the label's edge lies at least, pixels. */
  away: number;
  /** Left out where every place would cover something; otherwise the best of the bad is taken. */
  optional: boolean;
}

const DIRECTIONS = Array.from({ length: 16 }, (_, k) => [Math.cos((k * Math.PI) / 8), Math.sin((k * Math.PI) / 8)] as const);
const REACHES = [1, 1.8, 3, 5, 8, 12];
/** Above this cost (one point covered costs 3, twelve times as far as needed costs 48) an optional label is left out. */
const TOO_MUCH = 16;

const areaOf = ([x1, y1, x2, y2]: Rect) => Math.max(x2 - x1, 0) * Math.max(y2 - y1, 0);

export function overlap(a: Rect, b: Rect): number {
  return areaOf([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
}

const holds = (box: Rect, [x, y]: Point) => box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3];

/** Labels in the order of their weight -> where each goes. `taken` and `busy` are kept clear. */
export function placed(wanted: readonly Wanted[], inside: Rect, taken: readonly Rect[], busy: readonly Point[]): Map<string, Rect> {
  const all = [...taken];
  const found = new Map<string, Rect>();
  for (const label of wanted) {
    const [cost, box] = best(label, inside, all, busy);
    if (label.optional && cost > TOO_MUCH) continue;
    found.set(label.key, box);
    all.push(box);
  }
  return found;
}

function best({ at, size, away }: Wanted, inside: Rect, taken: readonly Rect[], busy: readonly Point[]): [number, Rect] {
  const reach = 12 * away + Math.max(size.width, size.height);
  const near = busy.filter(([x, y]) => Math.abs(x - at[0]) < reach + size.width && Math.abs(y - at[1]) < reach + size.height);
  let least = Infinity;
  let chosen: Rect = [at[0], at[1], at[0] + size.width, at[1] + size.height];
  for (const times of REACHES) {
    if (4 * times >= least) break;
    for (const [turn, [dx, dy]] of DIRECTIONS.entries()) {
      const x = at[0] + dx * (away * times + size.width / 2);
      const y = at[1] + dy * (away * times + size.height / 2);
      const box: Rect = [x - size.width / 2, y - size.height / 2, x + size.width / 2, y + size.height / 2];
      let cost = 4 * times + (0.05 * turn) / 16 + (areaOf(box) - overlap(box, inside)) / 3;
      for (const other of taken) cost += overlap(box, other) / 3;
      if (cost >= least) continue;
      for (const point of near) if (holds(box, point)) cost += 3;
      if (cost < least) [least, chosen] = [cost, box];
    }
  }
  return [least, chosen];
}

/** The point of a box that is nearest to a point: where its leader line ends. */
export function nearestIn(box: Rect, [x, y]: Point): Point {
  return [Math.min(Math.max(x, box[0]), box[2]), Math.min(Math.max(y, box[1]), box[3])];
}
