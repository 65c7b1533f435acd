// MapLibre's style of the ground: no text (that is the overlay's), so no fonts and no other host.
import type * as GeoJSON from "geojson";
import type { ExpressionSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { BaseKind, BaseMap } from "./base-map";
import { isDown, type MapModel } from "./model";
import type { LngLat } from "./view";

const TOKENS = [
  "ground", "road", "road-edge", "camera", "camera-down", "camera-edge", "water", "green", "building", "area", "line",
] as const;
export type Colours = Record<(typeof TOKENS)[number], string>;

/** The page's colours of now, light or dark. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(TOKENS.map((name) => [name, style.getPropertyValue(`--map-${name}`).trim() || "#888888"])) as Colours;
}

const darkness = () => matchMedia("(prefers-color-scheme: dark)");
const isDark = () => darkness().matches;

export function watchColours(changed: () => void): () => void {
  const query = darkness();
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}

const pair = ({ lng, lat }: LngLat): [number, number] => [lng, lat];
type Collection = GeoJSON.FeatureCollection;
const collection = (features: GeoJSON.Feature[]): Collection => ({ type: "FeatureCollection", features });

/** One shape for all roads and one for cameras of a kind: quick to hand over, also of 20,000. */
export function sourcesOf(model: MapModel): Record<"roads" | "cameras", Collection> {
  const points = (down: boolean): GeoJSON.Feature => ({
    type: "Feature", properties: { down },
    geometry: { type: "MultiPoint", coordinates: model.cameras.filter((one) => isDown(one.state) === down).map((one) => pair(one.at)) },
  });
  return {
    roads: collection([{
      type: "Feature", properties: {},
      geometry: { type: "MultiLineString", coordinates: model.roads.map(({ from, to }) => [pair(from), pair(to)]) },
    }]),
    cameras: collection([points(false), points(true)]),
  };
}


function baseSource(base: BaseMap): Collection {
  return collection(base.shapes.map(({ kind, area, lines }) => ({
    type: "Feature", properties: { kind },
    geometry: area
      ? { type: "Polygon", coordinates: lines.map((line) => line.map(pair)) }
      : { type: "MultiLineString", coordinates: lines.map((line) => line.map(pair)) },
  })));
}

/** Width in pixels of so many metres of street at the equator's scale, never below or above. */
function metres(wide: number, least: number, most: number): ExpressionSpecification {
  const steps: (number | ExpressionSpecification)[] = [];
  for (let zoom = 10; zoom <= 21; zoom += 1) {
    const perPx = 78_271.5 / 2 ** zoom;
    steps.push(zoom, Math.min(Math.max(wide / perPx, least), most));
  }
  return ["interpolate", ["linear"], ["zoom"], ...steps] as unknown as ExpressionSpecification;
}

/** Roads and cameras are put in afterwards (`sourcesOf`): a style is checked and copied. */
export function styleOf(base: BaseMap | null, tones: Colours): StyleSpecification {
  const empty = collection([]);
  const sources: Record<string, SourceSpecification> = {
    roads: { type: "geojson", data: empty, buffer: 32, tolerance: 0.2 }, cameras: { type: "geojson", data: empty, buffer: 16 },
  };
  const layers: LayerSpecification[] = [{ id: "ground", type: "background", paint: { "background-color": tones.ground } }];
  if (base?.tiles) {
    sources.tiles = { type: "raster", url: `pmtiles://${base.tiles}`, tileSize: 256 };
    layers.push({ id: "tiles", type: "raster", source: "tiles", paint: { "raster-saturation": -0.5, "raster-opacity": 0.85, "raster-brightness-max": isDark() ? 0.45 : 1 } });
  }
  if (base && base.shapes.length > 0) {
    sources.base = { type: "geojson", data: baseSource(base) };
    layers.push(...baseLayers(tones));
  }
  layers.push(
    {
      id: "road-edges", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": tones["road-edge"], "line-width": metres(9, 4, 16) },
    },
    {
      id: "roads", type: "line", source: "roads", layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": tones.road, "line-width": metres(7, 2, 14) },
    },
    {
      id: "cameras", type: "circle", source: "cameras",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 9, 1.5, 12, 3, 15, 5],
        "circle-color": ["case", ["get", "down"], tones["camera-down"], tones.camera],
        "circle-stroke-color": tones["camera-edge"],
        "circle-stroke-width": ["interpolate", ["linear"], ["zoom"], 11, 0, 14, 2],
      },
    },
  );
  return { version: 8, sources, layers };
}

function baseLayers(tones: Colours): LayerSpecification[] {
  const fill = (kind: BaseKind, colour: string): LayerSpecification => ({
    id: `base-${kind}`, type: "fill", source: "base", filter: ["all", ["==", ["geometry-type"], "Polygon"], ["==", ["get", "kind"], kind]],
    paint: { "fill-color": colour },
  });
  const line = (kind: BaseKind, colour: string, width: number | ExpressionSpecification): LayerSpecification => ({
    id: `base-${kind}`, type: "line", source: "base", filter: ["==", ["get", "kind"], kind],
    layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": width },
  });
  return [
    fill("area", tones.area), fill("green", tones.green), fill("water", tones.water), fill("building", tones.building),
    line("stream", tones.water, metres(4, 1, 8)), line("line", tones.line, 1), line("rail", tones.line, 1.5),
    line("way", tones.line, metres(5, 1, 9)),
  ];
}
