// Which part of the earth a map shows: Web Mercator with MapLibre's zoom (the world is 512 px wide
// at zoom 0), so that both ways of drawing put everything at the same pixel.

export interface LngLat { lng: number; lat: number }
export interface MapView { lng: number; lat: number; zoom: number }
export interface Size { width: number; height: number }
/** x, y in pixels from the upper left corner of the map. */
export type Point = readonly [number, number];

const TILE_PX = 512;
const EARTH_M = 6_371_008.8;
const MOST_LAT = 85;
export const LEAST_ZOOM = 1;
export const MOST_ZOOM = 21;
/** A map shows at least so much of the street, also of a single camera. */
export const LEAST_M = 140;

const radians = (degrees: number) => (degrees * Math.PI) / 180;
const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);
/** Into -180..180, so that a site on both sides of the date line stays together. */
const turned = (degrees: number) => ((((degrees + 180) % 360) + 360) % 360) - 180;

function yOf(lat: number): number {
  const sine = Math.sin(radians(clamp(lat, -MOST_LAT, MOST_LAT)));
  return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
}

function latOf(y: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

const worldPx = (zoom: number) => TILE_PX * 2 ** zoom;

export function project(view: MapView, size: Size, at: LngLat): Point {
  const world = worldPx(view.zoom);
  return [
    size.width / 2 + (turned(at.lng - view.lng) / 360) * world,
    size.height / 2 + (yOf(at.lat) - yOf(view.lat)) * world,
  ];
}

export function unproject(view: MapView, size: Size, [x, y]: Point): LngLat {
  const world = worldPx(view.zoom);
  return {
    lng: turned(view.lng + ((x - size.width / 2) / world) * 360),
    lat: latOf(clamp(yOf(view.lat) + (y - size.height / 2) / world, 0, 1)),
  };
}

/** Whether places are in view, with a margin; much cheaper than projecting each of 20,000. */
export function inView(view: MapView, size: Size, margin = 0): (at: LngLat) => boolean {
  const far = ((size.width / 2 + margin) / worldPx(view.zoom)) * 360;
  const north = unproject(view, size, [0, -margin]).lat;
  const south = unproject(view, size, [0, size.height + margin]).lat;
  return ({ lng, lat }) => lat <= north && lat >= south && Math.abs(turned(lng - view.lng)) <= far;
}

/** Move what is shown by so many pixels: positive is towards the east and the south. */
export function panned(view: MapView, dx: number, dy: number): MapView {
  const there = unproject(view, { width: 0, height: 0 }, [dx, dy]);
  return { ...view, lng: there.lng, lat: clamp(there.lat, -MOST_LAT, MOST_LAT) };
}

/** Zoom so that the place under `at` stays there. */
export function zoomedAt(view: MapView, size: Size, at: Point, by: number): MapView {
  const zoom = clamp(view.zoom + by, LEAST_ZOOM, MOST_ZOOM);
  const share = 1 - 2 ** (view.zoom - zoom);
  const moved = panned(view, (at[0] - size.width / 2) * share, (at[1] - size.height / 2) * share);
  return { ...moved, zoom };
}

export function metresPerPx(view: MapView): number {
  return (2 * Math.PI * EARTH_M * Math.cos(radians(view.lat))) / worldPx(view.zoom);
}

/** The view that shows all places with `padding` pixels around them; null without any. */
export function fitted(places: readonly LngLat[], size: Size, padding: number): MapView | null {
  const first = places[0];
  if (!first) return null;
  let [west, east, south, north] = [0, 0, first.lat, first.lat];
  for (const place of places) {
    const off = turned(place.lng - first.lng);
    west = Math.min(west, off);
    east = Math.max(east, off);
    south = Math.min(south, place.lat);
    north = Math.max(north, place.lat);
  }
  const middle = { lng: turned(first.lng + (west + east) / 2), lat: latOf((yOf(south) + yOf(north)) / 2) };
  // The least extent in shares of the world; a place alone would otherwise be zoomed in for ever.
  const least = LEAST_M / (2 * Math.PI * EARTH_M * Math.cos(radians(middle.lat)));
  const wide = Math.max((east - west) / 360, least);
  const high = Math.max(yOf(south) - yOf(north), least / 2);
  const room = (length: number) => Math.max(length - 2 * padding, length / 3, 1);
  const px = Math.min(room(size.width) / wide, room(size.height) / high);
  return { ...middle, zoom: clamp(Math.log2(px / TILE_PX), LEAST_ZOOM, MOST_ZOOM) };
}

/** The longest of 1, 2, 5, 10, 20 … metres that is not longer than `mostPx`. */
export function scaleBar(view: MapView, mostPx: number): { metres: number; px: number } {
  const perPx = metresPerPx(view);
  const longest = mostPx * perPx;
  const power = 10 ** Math.floor(Math.log10(longest));
  const metres = Math.max(...[1, 2, 5].map((step) => step * power).filter((step) => step <= longest));
  return { metres, px: metres / perPx };
}
