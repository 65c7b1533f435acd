import { describe, expect, it } from "vitest";
import { answer, at, driven, leg, ROADS, route, TOWN } from "./fixtures";
import { modelOf, visitsOf } from "./model";

const kinds = (legs: Parameters<typeof route>[0]) => {
  const model = modelOf(TOWN, ROADS, answer([route(legs)]));
  return model.chosen?.stretches.map((one) => one.parts.map((part) => part.kind));
};

describe("what lies on the map", () => {
  it("leaves out cameras and roads without a place", () => {
    const model = modelOf(TOWN, ROADS);
    expect(model.cameras.map((one) => one.id)).toEqual(["A", "B", "C", "D"]);
    expect(model.roads).toHaveLength(3);
    expect(model.chosen).toBeNull();
    expect(model.frame).toHaveLength(4);
  });

  it("draws a drive along the cameras between", () => {
    expect(kinds([leg("A", 0, 2), driven("C", 200, 203, 198, { via: ["B"] })])).toEqual([["driven", "driven"]]);
  });

  it("breaks the line on both sides of a camera that did not see it", () => {
    expect(kinds([leg("A", 0, 2), driven("D", 400, 403, 398, { via: ["B", "C"], unseen: ["B"] })])).toEqual([["unseen", "unseen", "driven"]]);
  });

  it("marks what a camera could not see because it was down", () => {
    const model = modelOf(TOWN, ROADS, answer([route([leg("A", 0, 2), driven("C", 200, 203, 198, { via: ["B"], down: ["B"] })])]));
    expect(model.chosen?.stretches[0]?.parts.map((part) => part.kind)).toEqual(["down", "down"]);
    expect(model.chosen?.stretches[0]?.passed).toMatchObject([{ id: "B", kind: "down" }]);
  });

  it("says that a straight line is a guess", () => {
    expect(kinds([leg("A", 0, 2), driven("D", 400, 403, 398, { basis: "places" })])).toEqual([["line"]]);
  });

  it("goes past a camera between that has no place, and draws nothing to one at the end", () => {
    expect(kinds([leg("A", 0, 2), driven("C", 200, 203, 198, { via: ["N", "B"] })])).toEqual([["driven", "driven"]]);
    const legs = [leg("A", 0, 2), driven("N", 200, 203, 198), driven("B", 300, 303, 97)];
    expect(kinds(legs)).toEqual([]);
    expect(modelOf(TOWN, ROADS, answer([route(legs)])).unplaced).toEqual(["N"]);
  });

  it("draws nothing from a camera to itself", () => {
    expect(kinds([leg("A", 0, 2), leg("A", 60, 62, {}, { travel_s: 58 })])).toEqual([]);
  });

  it("shows another way once, and not the way of the chosen route again", () => {
    const direct = () => [leg("A", 0, 2), driven("B", 100, 103, 98)];
    const further = () => [leg("A", 0, 2), driven("C", 200, 203, 198, { via: ["B"] })];
    const model = modelOf(TOWN, ROADS, answer([route(direct()), route(direct(), 2), route(further(), 3), route(further(), 4)]));
    expect(model.others.map((one) => one.rank)).toEqual([3]);
  });

  it("shows where next beside the best route only", () => {
    const next = [{ camera_id: "C", earliest: at(200), latest: at(400), probability: null, state: "ahead" as const },
      { camera_id: "N", earliest: at(200), latest: at(400), probability: null, state: "ahead" as const }];
    const both = answer([route([leg("A", 0, 2)]), route([leg("B", 0, 2)], 2)], { next });
    expect(modelOf(TOWN, ROADS, both, 0).next.map((one) => one.id)).toEqual(["C"]);
    expect(modelOf(TOWN, ROADS, both, 1).next).toEqual([]);
  });

  it("frames the route and where next, not the whole site", () => {
    const model = modelOf(TOWN, ROADS, answer([route([leg("A", 0, 2), driven("B", 100, 103, 98)])]));
    expect(Math.max(...model.frame.map((place) => place.lng))).toBe(112.61);
  });

  it("stays whole where nothing was found", () => {
    const model = modelOf(TOWN, ROADS, answer([]));
    expect([model.chosen, model.stops, model.unplaced]).toEqual([null, [], []]);
  });
});

describe("stops", () => {
  it("puts sightings in a row at one camera together, and visits of one camera at one stop", () => {
    const legs = [leg("A", 0, 9), leg("A", 10, 12), leg("A", 11, 11.5), driven("B", 100, 103, 88), driven("A", 200, 203, 97)];
    expect(visitsOf(legs).map((visit) => [visit.numbers, visit.first, visit.last])).toEqual([
      ["1–3", at(0), at(12)], ["4", at(100), at(103)], ["5", at(200), at(203)],
    ]);
    const { stops } = modelOf(TOWN, ROADS, answer([route(legs)]));
    expect(stops.map((stop) => [stop.id, stop.visits.map((visit) => visit.numbers)])).toEqual([["A", ["1–3", "5"]], ["B", ["4"]]]);
  });
});
