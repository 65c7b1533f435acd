import { describe, expect, it } from "vitest";
import { at, driven, leg } from "../map/fixtures";
import { stepOf, timelineOf } from "./timeline-model";

const next = (camera_id: string, from: number, to: number) => ({ camera_id, earliest: at(from), latest: at(to), probability: null, state: "ahead" as const });
const LEGS = [leg("A", 0, 4), leg("A", 6, 8), driven("B", 100, 110, 92), driven("A", 200, 205, 90, { unseen: ["B"] })];

describe("the timeline", () => {
  it("has a lane per camera in the order of the drive; visits in a row are one", () => {
    const model = timelineOf(LEGS, [], []);
    expect(model.lanes.map((lane) => [lane.id, lane.visits.map((visit) => visit.numbers)])).toEqual([["A", ["1–2", "4"]], ["B", ["3"]]]);
    for (const lane of model.lanes) for (const { from, to } of lane.visits) expect(0 < from && from <= to && to < 1).toBe(true);
  });

  it("joins the visits, and says which drives are not sure", () => {
    expect(timelineOf(LEGS, [], []).drives.map((drive) => [drive.leg, drive.y1, drive.y2, drive.sure])).toEqual([[2, 0, 1, true], [3, 1, 0, false]]);
  });

  it("leaves room for where next, but not so much that the route shrinks", () => {
    const model = timelineOf(LEGS, [next("C", 240, 90_000)], []);
    const route = model.lanes[0]?.visits;
    expect((route?.at(-1)?.to ?? 0) - (route?.[0]?.from ?? 0)).toBeGreaterThan(0.5);
    expect(model.lanes.at(-1)).toMatchObject({ id: "C", windows: [{ to: 1, state: "ahead" }] });
  });

  it("leaves windows out that begin after its end", () => {
    expect(timelineOf(LEGS, [next("C", 90_000, 99_000)], []).lanes.map((lane) => lane.id)).toEqual(["A", "B"]);
  });

  it("shows outages that fall into it, cut at its ends", () => {
    const gaps = [
      { camera_id: "A", from: at(-9999), to: at(50), cause: "lost" }, { camera_id: "G", from: at(150), to: null, cause: "lost" },
      { camera_id: "H", from: at(-9999), to: at(-9000), cause: "lost" },
    ];
    const lanes = timelineOf(LEGS, [], gaps).lanes;
    expect(lanes.map((lane) => lane.id)).toEqual(["A", "B", "G"]);
    expect(lanes[0]?.gaps[0]?.from).toBe(0);
    expect(lanes[2]?.gaps[0]?.to).toBe(1);
  });

  it("counts what has no lane any more", () => {
    const many = Array.from({ length: 20 }, (_, k) => (k === 0 ? leg("K0", 0, 1) : driven(`K${k}`, k * 100, k * 100 + 5, 95)));
    const model = timelineOf(many, Array.from({ length: 9 }, (_, k) => next(`N${k}`, 1960, 2000)), []);
    expect(model.lanes).toHaveLength(18);
    expect(model.numMore).toBe(6 + 5);
  });

  it("has ticks at full steps of the site's wall clock", () => {
    const zone = 8 * 3_600_000;
    const model = timelineOf([leg("A", 0, 1), driven("B", 20_000, 20_005, 1)], [], [], () => zone);
    expect(model.stepS).toBe(3600);
    for (const tick of model.ticks) expect((Date.parse(tick.time) + zone) % 3_600_000).toBe(0);
    expect(model.ticks.length).toBeGreaterThan(3);
  });

  it("is drawn for one moment too", () => {
    const model = timelineOf([leg("A", 0, 0)], [], []);
    expect(model.lanes[0]?.visits[0]?.from).toBeCloseTo(0.5, 1);
    expect(model.ticks.length).toBeGreaterThan(0);
  });

  it.each([[30, 5], [600, 120], [30 * 86_400, 604_800], [4e9, 604_800]])("takes %d s in steps of %d s", (span, step) => {
    expect(stepOf(span)).toBe(step);
  });
});
