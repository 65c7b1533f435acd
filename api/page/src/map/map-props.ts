// What both ways of drawing a map are given.
import type { ComponentChildren } from "preact";
import type { MapModel } from "./model";
import type { LngLat, MapView, Point, Size } from "./view";

/** A map that can be moved from outside: by buttons, or to show something. */
export interface MapMover {
  zoomBy: (by: number) => void;
  moveTo: (view: MapView) => void;
}

export interface MapGround {
  model: MapModel;
  /** Where to begin; later moves are told by `onView`. */
  view: MapView;
  size: Size;
  onView: (view: MapView) => void;
  /** A click or tap on the map itself. */
  onPoint: ((at: Point) => void) | null;
  onHover: (at: Point | null) => void;
  onMover: (mover: MapMover | null) => void;
  /** It cannot draw: the other way takes over. */
  onFail: () => void;
  label: string;
  /** Drawn over the ground: routes, stops, labels. */
  children: ComponentChildren;
}

export type { LngLat, MapView, Point, Size };
