// The site's own map, drawn below roads and cameras: GeoJSON is sorted into a few quiet kinds of
// lines and areas; raster tiles (PMTiles) are handed to MapLibre as they are.
import { signal } from "@preact/signals";
import type { Basemap } from "../api/types";
import { site } from "../state/site";
import type { LngLat } from "./view";

export type BaseKind = "water" | "green" | "building" | "area" | "stream" | "way" | "rail" | "line";
export interface BaseShape { kind: BaseKind; area: boolean; lines: LngLat[][] }
export interface BaseMap { shapes: BaseShape[]; tiles: string | null; attribution: string }

type Properties = Record<string, unknown> | null | undefined;
interface Geometry { type: string; coordinates?: unknown; geometries?: unknown[] }

const GREEN = /park|grass|forest|wood|garden|meadow|scrub|green|cemetery|farmland|pitch|golf/;
const WATER = /water|river|lake|basin|reservoir|bay|sea|canal|wetland/;

/** What a feature is, by the tags that OpenStreetMap and its exports use. */
export function kindOf(properties: Properties, area: boolean): BaseKind {
  const tag = (key: string) => (typeof properties?.[key] === "string" ? String(properties[key]) : "");
  if (tag("waterway") || WATER.test(`${tag("natural")} ${tag("water")} ${tag("landuse")} ${tag("class")} ${tag("kind")} ${tag("layer")}`)) {
    return area ? "water" : "stream";
  }
  if (area) {
    const building = tag("building");
    if ((building && building !== "no") || /building/.test(`${tag("class")} ${tag("kind")} ${tag("layer")}`)) return "building";
    return GREEN.test(`${tag("leisure")} ${tag("landuse")} ${tag("natural")} ${tag("class")} ${tag("kind")} ${tag("layer")}`) ? "green" : "area";
  }
  if (tag("railway") || /rail/.test(`${tag("class")} ${tag("kind")}`)) return "rail";
  return tag("highway") || /road|street|highway/.test(`${tag("class")} ${tag("kind")} ${tag("layer")}`) ? "way" : "line";
}

function places(value: unknown): LngLat[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((pair) => {
    if (!Array.isArray(pair)) return [];
    const [lng, lat] = pair as unknown[];
    return typeof lng === "number" && typeof lat === "number" && Number.isFinite(lng) && Number.isFinite(lat) ? [{ lng, lat }] : [];
  });
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

function shapesOfGeometry(geometry: Geometry | null | undefined, properties: Properties): BaseShape[] {
  const line = (parts: unknown[]): BaseShape => ({ kind: kindOf(properties, false), area: false, lines: parts.map(places) });
  const area = (rings: unknown[]): BaseShape => ({ kind: kindOf(properties, true), area: true, lines: rings.map(places) });
  switch (geometry?.type) {
    case "LineString": return [line([geometry.coordinates])];
    case "MultiLineString": return [line(list(geometry.coordinates))];
    case "Polygon": return [area(list(geometry.coordinates))];
    case "MultiPolygon": return list(geometry.coordinates).map((rings) => area(list(rings)));
    case "GeometryCollection": return list(geometry.geometries).flatMap((one) => shapesOfGeometry(one as Geometry, properties));
    default: return [];
  }
}

/** Lines and areas of a GeoJSON document; points and what is broken are left out. */
export function shapesOf(document: unknown): BaseShape[] {
  const value = document as { type?: string; features?: unknown[]; properties?: Properties; geometry?: Geometry } | null;
  if (value?.type === "FeatureCollection") return list(value.features).flatMap(shapesOf);
  const shapes = value?.type === "Feature"
    ? shapesOfGeometry(value.geometry, value.properties)
    : shapesOfGeometry(value as Geometry | null, null);
  const least = (shape: BaseShape) => (shape.area ? 3 : 2);
  return shapes
    .map((shape) => ({ ...shape, lines: shape.lines.filter((one) => one.length >= least(shape)) }))
    .filter((shape) => shape.lines.length > 0);
}

/** The file's own words on where it comes from, without markup. */
export function attributionOf(document: unknown): string {
  const said = (document as { attribution?: unknown } | null)?.attribution;
  return typeof said === "string" ? said.replace(/<[^>]*>/g, "").trim().slice(0, 200) : "";
}

export const baseMap = signal<BaseMap | null>(null);
let begun: string | null = null;

/** Read the site's map once; a map that fails to come is left out, everything else stays. */
export async function readBaseMap(basemap: Basemap | null = site.value?.basemap ?? null): Promise<void> {
  if (!basemap || begun === basemap.url) return;
  begun = basemap.url;
  try {
    baseMap.value = basemap.kind === "geojson" ? await readGeoJson(basemap.url) : await readTiles(basemap.url);
  } catch {
    begun = null;
  }
}

async function readGeoJson(url: string): Promise<BaseMap> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  const document: unknown = await answer.json();
  return { shapes: shapesOf(document), tiles: null, attribution: attributionOf(document) };
}

async function readTiles(url: string): Promise<BaseMap> {
  const { PMTiles } = await import("pmtiles");
  const tiles = new URL(url, location.href).href;
  const metadata = await new PMTiles(tiles).getMetadata();
  return { shapes: [], tiles, attribution: attributionOf(metadata) };
}
