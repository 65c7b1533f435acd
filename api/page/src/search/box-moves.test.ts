import { describe, expect, it } from "vitest";
import type { Box } from "../api/types";
import { around, dragged, keyed, LEAST_PX, middle, moved, resized, sameBox } from "./box-moves";

const SIZE = { width: 1000, height: 500 };

describe("dragging", () => {
  it("works from every corner", () => {
    const box = [100, 100, 300, 200];
    expect(dragged(100, 100, 300, 200, SIZE)).toEqual(box);
    expect(dragged(300, 200, 100, 100, SIZE)).toEqual(box);
    expect(dragged(300, 100, 100, 200, SIZE)).toEqual(box);
  });
  it("stays inside the picture", () => expect(dragged(-50, 400, 2000, 900, SIZE)).toEqual([0, 400, 1000, 500]));
  it("a slip of the hand is no box", () => {
    expect(dragged(10, 10, 10 + LEAST_PX - 1, 300, SIZE)).toBeNull();
    expect(dragged(-100, 10, -20, 300, SIZE)).toBeNull();
  });
});

describe("keys", () => {
  const box: Box = [100, 100, 200, 200];
  it("move by a hundredth of the longer side", () => {
    expect(keyed(box, "ArrowLeft", false, SIZE)).toEqual([90, 100, 190, 200]);
    expect(keyed(box, "ArrowDown", false, SIZE)).toEqual([100, 110, 200, 210]);
  });
  it("size it with shift", () => expect(keyed(box, "ArrowRight", true, SIZE)).toEqual([100, 100, 210, 200]));
  it("other keys do nothing", () => expect(keyed(box, "Enter", false, SIZE)).toBeNull());
});

it("a moved box keeps its size at the edge", () => {
  expect(moved([900, 0, 1000, 100], 50, -50, SIZE)).toEqual([900, 0, 1000, 100]);
  expect(moved([10, 10, 60, 60], -50, -50, SIZE)).toEqual([0, 0, 50, 50]);
});

it("a box is never made smaller than what can be seen, nor larger than the picture", () => {
  expect(resized([100, 100, 200, 200], -500, -500, SIZE)).toEqual([100, 100, 100 + LEAST_PX, 100 + LEAST_PX]);
  expect(resized([100, 100, 200, 200], 5000, 5000, SIZE)).toEqual([100, 100, 1000, 500]);
});

it("begins in the middle and shows a little more than the box", () => {
  expect(middle(SIZE)).toEqual([333, 167, 667, 333]);
  expect(around([0, 100, 100, 200], 0.1, SIZE)).toEqual([0, 90, 110, 210]);
});

it("boxes are the same when their whole pixels are", () => {
  expect(sameBox([1.2, 2, 3, 4], [1, 2.4, 3, 4])).toBe(true);
  expect(sameBox([1, 2, 3, 4], [1, 2, 3, 5])).toBe(false);
  expect(sameBox(null, [1, 2, 3, 4])).toBe(false);
  expect(sameBox(null, null)).toBe(true);
});
