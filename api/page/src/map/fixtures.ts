// A small town for tests: A B C in a row along a road (1 km each), D north of C, N without a place.
import type { CameraInfo, LegFacts, LegInfo, RouteInfo, TraceAnswer } from "../api/types";

export const START = Date.parse("2026-11-22T02:18:00Z");
export const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

export function camera(id: string, longitude: number | null, latitude: number | null, more: Partial<CameraInfo> = {}): CameraInfo {
  return {
    camera_id: id, name: id, longitude, latitude, heading_deg: null, state: "up", since: null, cause: null, fps: null, analysed_fps: null,
    lag_s: null, num_sightings: 0, degraded: false, num_dropped: null, num_reconnects: null, last_seen: null, picture: null, picture_at: null, ...more,
  };
}

export const TOWN = [
  camera("A", 112.6, 26.9), camera("B", 112.61, 26.9), camera("C", 112.62, 26.9), camera("D", 112.62, 26.909), camera("N", null, null),
];

export const ROADS = [["A", "B"], ["B", "C"], ["C", "D"], ["D", "N"]].map(([from = "", to = ""]) => (
  { from_camera: from, to_camera: to, distance_m: 1000, oneway: false }
));

export const FACTS: LegFacts = {
  rank: 1, num_hits: 40, given: false, confirmed: false, basis: null, distance_m: null, earliest_s: null, latest_s: null, tolerance_s: null,
  via: [], unseen: [], down: [],
};

let last = 0;
export function leg(camera_id: string, from: number, to: number, facts: Partial<LegFacts> = {}, more: Partial<LegInfo> = {}): LegInfo {
  last += 1;
  return {
    sighting_id: last.toString(16).padStart(32, "0"), camera_id, first_seen: at(from), last_seen: at(to), probability: null, travel_s: null,
    score: 0.8, why: "in the server's words", facts: { ...FACTS, ...facts }, class: "ebike", crops: [], ...more,
  };
}

export const driven = (camera_id: string, from: number, to: number, travel_s: number, facts: Partial<LegFacts> = {}) =>
  leg(camera_id, from, to, { basis: "roads", distance_m: 1000, earliest_s: 60, latest_s: 300, tolerance_s: 1.2, ...facts }, { travel_s });

export const route = (legs: LegInfo[], rank = 1): RouteInfo => ({ rank, probability: null, score: 3 - rank, legs });

export function answer(routes: RouteInfo[], more: Partial<TraceAnswer> = {}): TraceAnswer {
  return {
    query: { snapshot_id: null, sighting_id: null, box: null, class: "ebike", others: [] }, routes, next: [], gaps: [], basis: "roads",
    notes: [], audit_id: "1-a", ...more,
  };
}
