import "../state/fake-browser";
import { describe, expect, it } from "vitest";
import type { HitInfo } from "../api/types";
import { grouped, stepTo } from "./grouping";

const hit = (rank: number, camera_id: string, first_seen: string): HitInfo => ({
  sighting_id: `s${rank}`, rank, camera_id, first_seen, last_seen: first_seen, class: "van", class_score: 1, colour: null,
  colour_score: null, travel_deg: null, travel_score: null, direction: null, view: null, view_score: null, plate: null, quality: 1, state: "closed", stationary: false, crops: [], score: 1 - rank / 10, probability: null, verdict: null,
});
const HITS = [
  hit(2, "K02", "2026-11-22T15:59:00Z"), hit(1, "K01", "2026-11-22T16:01:00Z"), hit(3, "K02", "2026-11-22T15:10:00Z"),
];
const names = (groups: ReturnType<typeof grouped>) => groups.map((group) => [group.key, group.hits.map((one) => one.rank)]);

describe("groups", () => {
  it("by rank are one, best first", () => expect(names(grouped(HITS, "rank", "UTC"))).toEqual([["rank", [1, 2, 3]]]));
  it("by camera begin with the camera of the best hit", () =>
    expect(names(grouped(HITS, "camera", "UTC"))).toEqual([["K01", [1]], ["K02", [2, 3]]]));
  it("by time are hours of the site's own day, oldest first", () =>
    expect(names(grouped(HITS, "time", "Asia/Shanghai"))).toEqual([["2026-11-22T23", [3, 2]], ["2026-11-23T00", [1]]]));
  it("of nothing are none", () => expect(grouped([], "rank", "UTC")).toEqual([]));
  it("leave the answer as it is", () => {
    grouped(HITS, "time", "UTC");
    expect(HITS.map((one) => one.rank)).toEqual([2, 1, 3]);
  });
});

describe("arrow keys in a grid of 4 columns and 10 cards", () => {
  it.each([
    [0, "ArrowRight", 1], [0, "ArrowLeft", 0], [9, "ArrowRight", 9], [1, "ArrowDown", 5], [5, "ArrowUp", 1], [1, "ArrowUp", 1],
    [7, "ArrowDown", 9], [9, "ArrowDown", 9], [5, "Home", 0], [5, "End", 9],
  ])("from %i, %s leads to %i", (at, key, to) => expect(stepTo(at, key, 4, 10)).toBe(to));
  it("other keys lead nowhere", () => expect(stepTo(3, "c", 4, 10)).toBeNull());
});
