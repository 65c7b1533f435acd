import "./fake-browser";
import { expect, it } from "vitest";
import type { CameraInfo } from "../api/types";
import { renewed } from "./site";

const camera = (camera_id: string, state: CameraInfo["state"]): CameraInfo => ({
  camera_id, name: "", longitude: null, latitude: null, heading_deg: null, state, since: null, cause: null,
  fps: null, analysed_fps: null, lag_s: null, num_sightings: 0, degraded: false, num_dropped: null, num_reconnects: null,
  last_seen: null, picture: null, picture_at: null,
});

it("what changed is renewed in its place, what did not stays, what is new comes behind", () => {
  const before = [camera("K01", "up"), camera("K02", "up")];
  const now = renewed(before, [camera("K03", "up"), camera("K01", "down")]);
  expect(now.map((one) => [one.camera_id, one.state])).toEqual([["K01", "down"], ["K02", "up"], ["K03", "up"]]);
  expect(now[1]).toBe(before[1]);
  expect(before[0]?.state).toBe("up");
});
