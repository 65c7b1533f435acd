// Lines in pixels: moved aside, cut at their ends, sampled.
import type { Point } from "./view";

export type Segment = readonly [Point, Point];

export function lengthOf([a, b]: Segment): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

/** Move a segment to its right, so that there and back do not cover each other. */
export function shiftedRight([a, b]: Segment, by: number): Segment {
  const far = lengthOf([a, b]) || 1;
  const dx = (-(b[1] - a[1]) / far) * by;
  const dy = ((b[0] - a[0]) / far) * by;
  return [[a[0] + dx, a[1] + dy], [b[0] + dx, b[1] + dy]];
}

function towards(a: Point, b: Point, by: number): Point {
  const share = Math.min(by / (lengthOf([a, b]) || 1), 1 / 3);
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}

/** Take so many pixels off the ends, at most a third of the length at each. */
export function cut([a, b]: Segment, start: number, end: number): Segment {
  return [towards(a, b, start), towards(b, a, end)];
}

/** Degrees clockwise from the right. */
export function angleOf([a, b]: Segment): number {
  return (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
}

/** Points every `step` pixels, of very long segments `most` at most. */
export function sampled([a, b]: Segment, step: number, most = 300): Point[] {
  const count = Math.min(Math.max(1, Math.round(lengthOf([a, b]) / step)), most);
  return Array.from({ length: count + 1 }, (_, k) => [
    a[0] + ((b[0] - a[0]) * k) / count,
    a[1] + ((b[1] - a[1]) * k) / count,
  ] as const);
}

/** The part of a segment inside 0..width, 0..height (Liang and Barsky 1984); null where none is. */
export function clipped([a, b]: Segment, x2: number, y2: number): Segment | null {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  let [from, to] = [0, 1];
  const sides: [number, number][] = [[-dx, a[0]], [dx, x2 - a[0]], [-dy, a[1]], [dy, y2 - a[1]]];
  for (const [p, q] of sides) {
    if (p === 0) {
      if (q < 0) return null;
      continue;
    }
    const at = q / p;
    if (p < 0) from = Math.max(from, at);
    else to = Math.min(to, at);
  }
  if (from > to) return null;
  return [[a[0] + dx * from, a[1] + dy * from], [a[0] + dx * to, a[1] + dy * to]];
}
