import { describe, expect, it } from "vitest";
import type { CameraInfo, LiveMessage, SightingInfo } from "../api/types";
import { arrive, closedIn, EMPTY, joined, MOST, ofCamera, release } from "./feed";

function sightingOf(id: string, camera_id = "K01", more: Partial<SightingInfo> = {}): SightingInfo {
  return {
    sighting_id: id, camera_id, first_seen: "2026-11-22T10:18:00+08:00", last_seen: "2026-11-22T10:18:04+08:00",
    class: "ebike", class_score: 0.9, colour: null, colour_score: null, travel_deg: null, travel_score: null,
    direction: null, view: null, view_score: null, plate: null, quality: 0.5, state: "closed",
    stationary: false, crops: [], ...more,
  };
}
const ids = (sightings: readonly SightingInfo[]) => sightings.map((one) => one.sighting_id);
const many = (name: string, num: number) => Array.from({ length: num }, (_, at) => sightingOf(`${name}${at}`));

describe("a message", () => {
  it("brings sightings when they close", () => {
    const open = sightingOf("a", "K01", { state: "provisional" });
    expect(closedIn({ type: "sighting", event: "new", sighting: open })).toEqual([]);
    expect(closedIn({ type: "sighting", event: "update", sighting: open })).toEqual([]);
    expect(ids(closedIn({ type: "sighting", event: "end", sighting: sightingOf("a") }))).toEqual(["a"]);
    const early = sightingOf("early", "K01", { last_seen: "2026-11-22T02:17:59+00:00" });
    const hello: LiveMessage = { type: "hello", cameras: [] as CameraInfo[], latest: [early, open, sightingOf("a")] };
    expect(ids(closedIn(hello))).toEqual(["a", "early"]);
    expect(closedIn({ type: "lost", num_lost: 3 })).toEqual([]);
  });
});

describe("the stream", () => {
  it("puts news in front", () => {
    const feed = arrive(arrive(EMPTY, [sightingOf("b"), sightingOf("a")], false), [sightingOf("c")], false);
    expect(ids(feed.shown)).toEqual(["c", "b", "a"]);
    expect(feed.waiting).toEqual([]);
  });
  it("moves nothing while it is held, and then shows all", () => {
    const before = arrive(EMPTY, [sightingOf("a")], false);
    const one = arrive(before, [sightingOf("b")], true);
    const two = arrive(one, [sightingOf("d"), sightingOf("c")], true);
    expect(two.shown).toBe(before.shown);
    expect(ids(two.waiting)).toEqual(["d", "c", "b"]);
    expect(ids(release(two).shown)).toEqual(["d", "c", "b", "a"]);
    expect(release(two).waiting).toEqual([]);
  });
  it("shows what waited when news come after holding", () => {
    const feed = arrive(arrive(arrive(EMPTY, [sightingOf("a")], false), [sightingOf("b")], true), [sightingOf("c")], false);
    expect(ids(feed.shown)).toEqual(["c", "b", "a"]);
    expect(feed.waiting).toEqual([]);
  });
  it("renews a sighting where it stands, shown or waiting", () => {
    const feed = arrive(arrive(EMPTY, [sightingOf("b"), sightingOf("a")], false), [sightingOf("c")], true);
    const renewed = arrive(feed, [sightingOf("a", "K01", { plate: "x" }), sightingOf("c", "K01", { plate: "y" })], true);
    expect(ids(renewed.shown)).toEqual(["b", "a"]);
    expect(renewed.shown[1]?.plate).toBe("x");
    expect(ids(renewed.waiting)).toEqual(["c"]);
    expect(renewed.waiting[0]?.plate).toBe("y");
  });
  it("the same hello after a lost connection adds nothing", () => {
    const feed = arrive(EMPTY, [sightingOf("b"), sightingOf("a")], false);
    expect(ids(arrive(feed, [sightingOf("b"), sightingOf("a")], false).shown)).toEqual(["b", "a"]);
  });
  it("takes a sighting that comes twice in one message once", () => {
    expect(ids(arrive(EMPTY, [sightingOf("a"), sightingOf("a")], false).shown)).toEqual(["a"]);
  });
  it("keeps the newest and no more than it should", () => {
    const full = arrive(EMPTY, many("a", MOST + 50), false);
    expect(full.shown).toHaveLength(MOST);
    expect(full.shown[0]?.sighting_id).toBe("a0");
    const flooded = arrive(full, many("b", MOST + 50), true);
    expect(flooded.shown).toBe(full.shown);
    expect(flooded.waiting).toHaveLength(MOST);
    expect(release(flooded).shown).toHaveLength(MOST);
  });
});

it("one camera's sightings, and earlier ones behind them without doubles", () => {
  const shown = [sightingOf("c", "K02"), sightingOf("b"), sightingOf("a", "K02")];
  expect(ids(ofCamera(shown, "K02"))).toEqual(["c", "a"]);
  expect(ofCamera(shown, null)).toBe(shown);
  expect(ids(joined(ofCamera(shown, "K02"), [sightingOf("a", "K02"), sightingOf("0", "K02")]))).toEqual(["c", "a", "0"]);
});
