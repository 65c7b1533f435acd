import { expect, it } from "vitest";
import { at, driven, leg, route } from "../map/fixtures";
import { differsAt, factsOf, lacks } from "./route-facts";

const A = leg("A", 0, 4);
const B = driven("B", 100, 130, 96);
const C = driven("C", 110, 120, -10, { distance_m: null });

it("sums a route up", () => {
  expect(factsOf(route([A, leg("A", 10, 12, {}, { travel_s: 6 }), B]))).toEqual({
    cameras: ["A", "B"], numCameras: 2, from: at(0), to: at(130), distance_m: 1000, open: false,
  });
  expect(factsOf(route([A, B, C]))).toMatchObject({ to: at(130), distance_m: 1000, open: true });
  expect(factsOf(route([]))).toBeNull();
});

it("says in what a further route differs", () => {
  const other = leg("B", 101, 105);
  expect(differsAt(route([A, other]), route([A, B]))).toEqual(["B"]);
  expect(differsAt(route([A]), route([A, B]))).toEqual([]);
  expect(lacks(route([A]), route([A, B]))).toEqual(["B"]);
});
