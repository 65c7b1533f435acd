import { describe, expect, it } from "vitest";
import { clipped, cut, lengthOf, sampled, shiftedRight } from "./lines";

describe("lines", () => {
  it("there and back lie beside each other", () => {
    expect(shiftedRight([[0, 0], [10, 0]], 5)).toEqual([[0, 5], [10, 5]]);
    expect(shiftedRight([[10, 0], [0, 0]], 5).map(([, y]) => y)).toEqual([-5, -5]);
  });

  it("are cut at their ends, but never away", () => {
    expect(cut([[0, 0], [90, 0]], 10, 20)).toEqual([[10, 0], [70, 0]]);
    expect(lengthOf(cut([[0, 0], [9, 0]], 10, 20))).toBeCloseTo(3);
    expect(cut([[4, 4], [4, 4]], 10, 20)).toEqual([[4, 4], [4, 4]]);
  });

  it("are clipped to the map", () => {
    expect(clipped([[-50, 5], [150, 5]], 100, 100)).toEqual([[0, 5], [100, 5]]);
    expect(clipped([[-50, -5], [150, -5]], 100, 100)).toBeNull();
    expect(clipped([[-10, 50], [50, 200]], 100, 100)).not.toBeNull();
    expect(clipped([[-60, 50], [50, 260]], 100, 100)).toBeNull();
  });

  it("are sampled with both ends, not for ever", () => {
    expect(sampled([[0, 0], [16, 0]], 8)).toEqual([[0, 0], [8, 0], [16, 0]]);
    expect(sampled([[0, 0], [1e7, 0]], 8, 100)).toHaveLength(101);
  });
});
