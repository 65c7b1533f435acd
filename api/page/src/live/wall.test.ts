import { describe, expect, it } from "vitest";
import type { CameraInfo, CameraState } from "../api/types";
import { ageSeconds, counted, isLate, matching, ordered } from "./wall";

function cameraOf(camera_id: string, state: CameraState = "up", name = camera_id): CameraInfo {
  return {
    camera_id, name, state, longitude: null, latitude: null, heading_deg: null, since: null, cause: null,
    fps: null, analysed_fps: null, lag_s: null, num_sightings: 0, degraded: false, num_dropped: null, num_reconnects: null,
    last_seen: null, picture: null, picture_at: null,
  };
}

const ids = (cameras: readonly CameraInfo[]) => cameras.map((one) => one.camera_id);
const five = [
  cameraOf("K1"), cameraOf("K2", "waiting"), cameraOf("K3", "down"), cameraOf("K4", "recorded"),
  cameraOf("K5", "credentials"), cameraOf("K6", "connecting"),
];

describe("order", () => {
  it("brings trouble to the front, worst first, by id within", () => {
    expect(ids(ordered(five, "trouble"))).toEqual(["K3", "K5", "K2", "K6", "K1", "K4"]);
  });
  it("by id leaves the server's order", () => {
    expect(ordered(five, "id")).toBe(five);
  });
  it("loses nobody among 20,000", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => cameraOf(`C${at}`, at % 7 ? "up" : "down"));
    const sorted = ordered(many, "trouble");
    expect(new Set(ids(sorted)).size).toBe(20_000);
    expect(sorted[0]?.state).toBe("down");
  });
});

describe("filter", () => {
  const cameras = [cameraOf("K01", "up", "向阳路口"), cameraOf("K02", "down", "望江门 East"), cameraOf("X1", "recorded")];
  it("finds by id and name, in any case, every word", () => {
    expect(ids(matching(cameras, { text: "k0", shown: "all" }))).toEqual(["K01", "K02"]);
    expect(ids(matching(cameras, { text: "路口", shown: "all" }))).toEqual(["K01"]);
    expect(ids(matching(cameras, { text: "east k02", shown: "all" }))).toEqual(["K02"]);
    expect(matching(cameras, { text: "east k01", shown: "all" })).toEqual([]);
  });
  it("takes full-width figures as typed with a Chinese keyboard", () => {
    expect(ids(matching(cameras, { text: "Ｋ０１", shown: "all" }))).toEqual(["K01"]);
  });
  it("by state", () => {
    expect(ids(matching(cameras, { text: "", shown: "trouble" }))).toEqual(["K02"]);
    expect(ids(matching(cameras, { text: " ", shown: "up" }))).toEqual(["K01"]);
    expect(ids(matching(cameras, { text: "1", shown: "recorded" }))).toEqual(["X1"]);
  });
  it("a text of special characters is only text", () => {
    expect(matching(cameras, { text: "(.*", shown: "all" })).toEqual([]);
  });
});

it("counts every camera once", () => {
  expect(counted(five)).toEqual({ total: 6, up: 1, trouble: 4, recorded: 1 });
  expect(counted([])).toEqual({ total: 0, up: 0, trouble: 0, recorded: 0 });
});

it("only a camera that is watched can be late", () => {
  expect(isLate({ ...cameraOf("K01"), degraded: true })).toBe(true);
  expect(isLate(cameraOf("K01"))).toBe(false);
  expect(isLate({ ...cameraOf("K01", "down"), degraded: true })).toBe(false);
});

it("no age is negative, whatever the clocks say", () => {
  const at = "2026-11-22T10:18:00+08:00";
  expect(ageSeconds(at, Date.parse(at) + 2500)).toBe(2.5);
  expect(ageSeconds(at, Date.parse(at) - 9000)).toBe(0);
});
