import { describe, expect, it } from "vitest";
import { nearestIn, overlap, placed, type Rect } from "./labels";
import type { Point } from "./view";

const INSIDE: Rect = [0, 0, 600, 400];
const label = (key: string, at: Point, optional = false) => ({ key, at, size: { width: 120, height: 40 }, away: 16, optional });

describe("labels", () => {
  it("do not lie on each other while there is room", () => {
    const found = [...placed([label("a", [300, 200]), label("b", [320, 205]), label("c", [290, 215])], INSIDE, [], []).values()];
    expect(found).toHaveLength(3);
    for (const [at, one] of found.entries()) for (const other of found.slice(at + 1)) expect(overlap(one, other)).toBe(0);
  });

  it("stay on the map and off what is taken", () => {
    const taken: Rect = [10, 0, 400, 60];
    const [box] = [...placed([label("a", [5, 5])], INSIDE, [taken], []).values()];
    expect(box![0]).toBeGreaterThanOrEqual(0);
    expect(box![1]).toBeGreaterThanOrEqual(0);
    expect(overlap(box!, taken)).toBe(0);
  });

  it("keep off a line", () => {
    const line: Point[] = Array.from({ length: 60 }, (_, k) => [300 + k * 5, 200]);
    const [box] = [...placed([label("a", [300, 200])], INSIDE, [], line).values()];
    expect(line.filter(([x, y]) => x >= box![0] && x <= box![2] && y >= box![1] && y <= box![3])).toEqual([]);
  });

  it("are left out where they would cover others, if they may", () => {
    const full: Rect[] = [INSIDE];
    expect(placed([label("a", [300, 200], true)], INSIDE, full, []).size).toBe(0);
    expect(placed([label("a", [300, 200], false)], INSIDE, full, []).size).toBe(1);
  });

  it("have a leader to their nearest point", () => {
    expect(nearestIn([10, 10, 20, 20], [0, 15])).toEqual([10, 15]);
    expect(nearestIn([10, 10, 20, 20], [15, 15])).toEqual([15, 15]);
  });
});
