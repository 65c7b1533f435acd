// What a route is in short: cameras, times, length.
import type { RouteInfo, Time } from "../api/types";

export interface RouteFacts {
  /** Cameras in the order of the drive; several sightings in a row at one count once. */
  cameras: string[];
  numCameras: number;
  from: Time;
  to: Time;
  /** Metres along roads or straight lines; `open` where a drive has none. */
  distance_m: number;
  open: boolean;
}

export function factsOf(route: RouteInfo): RouteFacts | null {
  const first = route.legs[0];
  if (!first) return null;
  const cameras = route.legs.map((leg) => leg.camera_id).filter((id, at, all) => id !== all[at - 1]);
  const drives = route.legs.filter((leg, at) => at > 0 && leg.camera_id !== route.legs[at - 1]?.camera_id);
  return {
    cameras,
    numCameras: new Set(cameras).size,
    from: first.first_seen,
    to: route.legs.reduce((last, leg) => (Date.parse(leg.last_seen) > Date.parse(last) ? leg.last_seen : last), first.last_seen),
    distance_m: drives.reduce((sum, leg) => sum + (leg.facts.distance_m ?? 0), 0),
    open: drives.some((leg) => leg.facts.distance_m === null),
  };
}

/** Cameras at which a route takes another sighting than the best one, or has a further one. */
export function differsAt(route: RouteInfo, best: RouteInfo): string[] {
  const known = new Set(best.legs.map((leg) => leg.sighting_id ?? leg.camera_id));
  return [...new Set(route.legs.filter((leg) => !known.has(leg.sighting_id ?? leg.camera_id)).map((leg) => leg.camera_id))];
}

/** Cameras of the best route's sightings that a route lacks, where nothing else differs. */
export function lacks(route: RouteInfo, best: RouteInfo): string[] {
  return differsAt(best, route);
}
