// What a map of a site and a trace is made of, in places of the earth; no pixels, no drawing.
import type { CameraInfo, CameraState, LegInfo, NextInfo, Road, RouteInfo, Time, TraceAnswer } from "../api/types";
import type { LngLat } from "./view";

export interface MapCamera { id: string; at: LngLat; heading: number | null; state: CameraState }
export interface MapRoad { from: LngLat; to: LngLat; oneway: boolean }

/**
 * `driven`: along a listed road, seen at both ends. `unseen`: a camera at one of its ends worked
 * and did not see the vehicle. `down`: a camera at one of its ends was down. `line`: no road is
 * listed; the straight line is a guess.
 */
/** It watches nothing now: what the vehicle did there is not known. */
export const isDown = (state: CameraState): boolean =>
  state === "down" || state === "credentials" || state === "still" || state === "black";

export type PartKind = "driven" | "unseen" | "down" | "line";
export interface Part { from: LngLat; to: LngLat; kind: PartKind }
/** The drive to a leg (its number, from 0) from the leg before. */
export interface Stretch { leg: number; parts: Part[]; seconds: number | null; passed: Passed[] }
export interface Passed { id: string; at: LngLat; kind: "unseen" | "down" }
export interface RouteLine { rank: number; stretches: Stretch[] }
/** Legs that follow each other at one camera. */
export interface Visit { numbers: string; legs: number[]; first: Time; last: Time }
/** A camera of the chosen route with all its visits: one label. */
export interface MapStop { id: string; at: LngLat; visits: Visit[] }
export interface MapNext { id: string; at: LngLat; next: NextInfo }

export interface MapModel {
  cameras: MapCamera[];
  roads: MapRoad[];
  /** Of the route that is chosen; null without a trace. */
  chosen: RouteLine | null;
  others: RouteLine[];
  stops: MapStop[];
  next: MapNext[];
  /** Cameras of the chosen route that have no place. */
  unplaced: string[];
  /** Cameras with an outage that can hide the vehicle. */
  gaps: ReadonlySet<string>;
  /** What the map is fitted to at first. */
  frame: LngLat[];
}

type Places = ReadonlyMap<string, LngLat>;

/** Next cameras that a fitted map must show; the list is soonest first. */
const FRAMED_NEXT = 4;

export function modelOf(cameras: readonly CameraInfo[], roads: readonly Road[], answer: TraceAnswer | null = null, chosenAt = 0): MapModel {
  const shown = cameras.flatMap(placedCamera);
  const places: Places = new Map(shown.map((one) => [one.id, one.at]));
  const routes = answer?.routes ?? [];
  const chosen = routes[chosenAt] ?? null;
  // Windows of time follow the best route's end; beside another route they would mislead.
  const next = chosenAt === 0 ? nextOf(answer?.next ?? [], places) : [];
  const stops = chosen ? stopsOf(chosen.legs, places) : [];
  const line = chosen ? lineOf(chosen, places) : null;
  const frame = [
    ...stops.map((stop) => stop.at),
    ...(line?.stretches.flatMap((stretch) => stretch.parts.map((part) => part.to)) ?? []),
    ...next.slice(0, FRAMED_NEXT).map((one) => one.at),
  ];
  return {
    cameras: shown,
    roads: roads.flatMap((road) => placedRoad(road, places)),
    chosen: line,
    others: otherWays(routes, chosen, places),
    stops,
    next,
    unplaced: [...new Set(chosen?.legs.map((leg) => leg.camera_id).filter((id) => !places.has(id)))],
    gaps: new Set(answer?.gaps.map((gap) => gap.camera_id)),
    frame: frame.length > 0 ? frame : shown.map((one) => one.at),
  };
}

/** Further routes that take another way; the same way with another sighting looks the same here. */
function otherWays(routes: readonly RouteInfo[], chosen: RouteInfo | null, places: Places): RouteLine[] {
  const known = new Set(chosen ? [wayOf(chosen)] : []);
  return routes.flatMap((route) => {
    const way = wayOf(route);
    if (route === chosen || known.has(way)) return [];
    known.add(way);
    return [lineOf(route, places)];
  });
}

function wayOf(route: RouteInfo): string {
  const ids = route.legs.flatMap((leg) => [...leg.facts.via, leg.camera_id]);
  return JSON.stringify(ids.filter((id, at) => id !== ids[at - 1]));
}

function placedCamera(one: CameraInfo): MapCamera[] {
  if (one.longitude === null || one.latitude === null) return [];
  return [{ id: one.camera_id, at: { lng: one.longitude, lat: one.latitude }, heading: one.heading_deg, state: one.state }];
}

function placedRoad(road: Road, places: Places): MapRoad[] {
  const [from, to] = [places.get(road.from_camera), places.get(road.to_camera)];
  return from && to ? [{ from, to, oneway: road.oneway }] : [];
}

function nextOf(next: readonly NextInfo[], places: Places): MapNext[] {
  return next.flatMap((one) => {
    const at = places.get(one.camera_id);
    return at ? [{ id: one.camera_id, at, next: one }] : [];
  });
}

export function lineOf(route: RouteInfo, places: Places): RouteLine {
  const stretches: Stretch[] = [];
  route.legs.forEach((leg, number) => {
    const before = route.legs[number - 1];
    const stretch = before ? stretchOf(before, leg, number, places) : null;
    if (stretch) stretches.push(stretch);
  });
  return { rank: route.rank, stretches };
}

function stretchOf(before: LegInfo, leg: LegInfo, number: number, places: Places): Stretch | null {
  const [start, end] = [places.get(before.camera_id), places.get(leg.camera_id)];
  if (!start || !end || before.camera_id === leg.camera_id) return null;
  const { via, unseen, down, basis } = leg.facts;
  const kindAt = (id: string): Passed["kind"] | null =>
    down.includes(id) ? "down" : unseen.includes(id) ? "unseen" : null;
  const nodes: { at: LngLat; kind: Passed["kind"] | null }[] = [{ at: start, kind: null }];
  const passed: Passed[] = [];
  for (const id of via) {
    const at = places.get(id);
    if (!at) continue;
    const kind = kindAt(id);
    nodes.push({ at, kind });
    if (kind) passed.push({ id, at, kind });
  }
  nodes.push({ at: end, kind: null });
  const parts = nodes.slice(1).map(({ at, kind }, index): Part => {
    const from = nodes[index] ?? nodes[0]!;
    const known: PartKind = basis === "roads" ? "driven" : "line";
    const hidden = [from.kind, kind];
    return { from: from.at, to: at, kind: hidden.includes("unseen") ? "unseen" : hidden.includes("down") ? "down" : known };
  });
  return { leg: number, parts, seconds: leg.travel_s, passed };
}

/** Legs that follow each other at one camera are one visit; visits to one camera are one stop. */
export function stopsOf(legs: readonly LegInfo[], places: Places): MapStop[] {
  const stops = new Map<string, MapStop>();
  for (const visit of visitsOf(legs)) {
    const id = legs[visit.legs[0] ?? 0]?.camera_id ?? "";
    const at = places.get(id);
    if (!at) continue;
    const stop = stops.get(id);
    if (stop) stop.visits.push(visit);
    else stops.set(id, { id, at, visits: [visit] });
  }
  return [...stops.values()];
}

export function visitsOf(legs: readonly LegInfo[]): Visit[] {
  const visits: Visit[] = [];
  legs.forEach((leg, number) => {
    const old = visits.at(-1);
    if (old && legs[number - 1]?.camera_id === leg.camera_id) {
      old.legs.push(number);
      old.numbers = `${(old.legs[0] ?? 0) + 1}–${number + 1}`;
      if (Date.parse(leg.last_seen) > Date.parse(old.last)) old.last = leg.last_seen;
    } else {
      visits.push({ numbers: `${number + 1}`, legs: [number], first: leg.first_seen, last: leg.last_seen });
    }
  });
  return visits;
}
