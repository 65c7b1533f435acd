// Moving a box by pointer and by keys. Pure; pixels of the upright picture.
import type { Box } from "../api/types";

export interface Size { width: number; height: number }
/** A smaller side shows nothing that could be recognised. */
export const LEAST_PX = 16;
/** One press of an arrow key, as a part of the picture's longer side. */
const STEP = 0.01;

const between = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);

/** The box between two corners, inside the picture; null where it is too small to mean one. */
export function dragged(x1: number, y1: number, x2: number, y2: number, size: Size): Box | null {
  const left = between(Math.min(x1, x2), 0, size.width);
  const right = between(Math.max(x1, x2), 0, size.width);
  const top = between(Math.min(y1, y2), 0, size.height);
  const bottom = between(Math.max(y1, y2), 0, size.height);
  if (right - left < LEAST_PX || bottom - top < LEAST_PX) return null;
  return [left, top, right, bottom].map(Math.round) as Box;
}

export function moved([x1, y1, x2, y2]: Box, dx: number, dy: number, size: Size): Box {
  const stepX = between(dx, -x1, size.width - x2);
  const stepY = between(dy, -y1, size.height - y2);
  return [x1 + stepX, y1 + stepY, x2 + stepX, y2 + stepY];
}

/** Move the right and lower side. */
export function resized([x1, y1, x2, y2]: Box, dx: number, dy: number, size: Size): Box {
  return [x1, y1, between(x2 + dx, Math.min(x1 + LEAST_PX, size.width), size.width),
    between(y2 + dy, Math.min(y1 + LEAST_PX, size.height), size.height)];
}

/** What a key does to a box: arrows move it, with shift they size it; null for other keys. */
export function keyed(box: Box, key: string, shift: boolean, size: Size): Box | null {
  const step = Math.max(1, Math.round(Math.max(size.width, size.height) * STEP));
  const by: Record<string, [number, number]> = {
    ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
  };
  const move = by[key];
  if (!move) return null;
  return (shift ? resized : moved)(box, move[0], move[1], size);
}

/** A box in the middle to begin with. */
export function middle(size: Size): Box {
  return [size.width / 3, size.height / 3, (size.width * 2) / 3, (size.height * 2) / 3].map(Math.round) as Box;
}

/** A little more than the box, inside the picture: context for the eye. */
export function around([x1, y1, x2, y2]: Box, part: number, size: Size): Box {
  const x = (x2 - x1) * part;
  const y = (y2 - y1) * part;
  return [Math.max(0, x1 - x), Math.max(0, y1 - y), Math.min(size.width, x2 + x), Math.min(size.height, y2 + y)];
}

export const sameBox = (one: Box | null, other: Box | null): boolean =>
  one === other || (!!one && !!other && one.every((side, at) => Math.round(side) === Math.round(other[at] ?? NaN)));
