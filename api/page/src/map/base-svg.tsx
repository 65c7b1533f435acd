// The site's map as SVG paths, with the roads and cameras of the site: what WebGL draws elsewhere.
import { useMemo } from "preact/hooks";
import type { BaseKind, BaseShape } from "./base-map";
import { clipped, lengthOf } from "./lines";
import { isDown, type MapModel } from "./model";
import { inView, type LngLat, type MapView, metresPerPx, project, type Size } from "./view";

const ORDER: readonly BaseKind[] = ["area", "green", "water", "building", "stream", "line", "rail", "way"];
/** More cameras than this in a view are thinned: one per cell of CELL_PX. */
const MOST_CAMERAS = 1500;
const CELL_PX = 7;
const FEW_CAMERAS = 300;
/** More roads than this are drawn as hair lines. */
const MOST_ROADS = 4000;

interface Props { view: MapView; size: Size; model: MapModel; shapes: readonly BaseShape[] }

export function BaseSvg({ view, size, model, shapes }: Props) {
  const base = useMemo(() => basePaths(shapes, view, size), [shapes, view, size.width, size.height]);
  const width = roadWidth(view);
  const { roads, many } = useMemo(() => roadPath(model, view, size), [model.roads, view, size.width, size.height]);
  const cameras = useMemo(() => camerasIn(model, view, size), [model.cameras, view, size.width, size.height]);
  return (
    <g aria-hidden="true">
      {base.map(([kind, area, path]) => <path key={`${kind}${area}`} class={`map-base map-base-${kind}`} d={path} fill-rule="evenodd" />)}
      <path class="map-road-edge" d={roads} stroke-width={many ? 1 : width + 2} />
      {!many && <path class="map-road" d={roads} stroke-width={width} />}
      {cameras.map(({ id, x, y, down }) => (
        <circle key={id} class={`map-camera${down ? " down" : ""}${cameras.length > FEW_CAMERAS ? " many" : ""}`} cx={x} cy={y}
          r={cameras.length > FEW_CAMERAS ? 1.8 : 5} />
      ))}
    </g>
  );
}

/** 7 m of street, but between 2 and 14 px. */
export function roadWidth(view: MapView): number {
  return Math.min(Math.max(7 / metresPerPx(view), 2), 14);
}

function pathOf(line: readonly LngLat[], view: MapView, size: Size, close: boolean): string {
  let outside = [true, true, true, true];
  const text = line.map((place, at) => {
    const [x, y] = project(view, size, place);
    outside = [outside[0]! && x < 0, outside[1]! && x > size.width, outside[2]! && y < 0, outside[3]! && y > size.height];
    return `${at ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
  return outside.some(Boolean) ? "" : text + (close ? "Z" : "");
}

function basePaths(shapes: readonly BaseShape[], view: MapView, size: Size): [BaseKind, boolean, string][] {
  const paths = new Map<string, [BaseKind, boolean, string]>();
  for (const shape of shapes) {
    const path = shape.lines.map((line) => pathOf(line, view, size, shape.area)).join("");
    if (!path) continue;
    const key = `${shape.kind}${shape.area}`;
    const entry = paths.get(key);
    if (entry) entry[2] += path;
    else paths.set(key, [shape.kind, shape.area, path]);
  }
  return [...paths.values()].sort((a, b) => ORDER.indexOf(a[0]) - ORDER.indexOf(b[0]));
}

/** All roads as one path; of very many those that are hardly a point are left out. */
function roadPath(model: MapModel, view: MapView, size: Size): { roads: string; many: boolean } {
  const near = inView(view, size, size.width);
  const seen = model.roads.flatMap((road) => {
    if (!near(road.from) && !near(road.to)) return [];
    const inside = clipped([project(view, size, road.from), project(view, size, road.to)], size.width, size.height);
    return inside ? [inside] : [];
  });
  const many = seen.length > MOST_ROADS;
  const drawn = many ? seen.filter((one) => lengthOf(one) >= 2) : seen;
  const digits = many ? 0 : 1;
  const roads = drawn.map(([a, b]) => `M${a[0].toFixed(digits)} ${a[1].toFixed(digits)}L${b[0].toFixed(digits)} ${b[1].toFixed(digits)}`).join("");
  return { roads, many };
}

function camerasIn(model: MapModel, view: MapView, size: Size) {
  const near = inView(view, size, 8);
  const found = model.cameras.flatMap(({ id, at, state }) => {
    if (!near(at)) return [];
    const [x, y] = project(view, size, at);
    return [{ id, x, y, down: isDown(state) }];
  });
  if (found.length <= MOST_CAMERAS) return found;
  const cells = new Map(found.map((one) => [`${Math.round(one.x / CELL_PX)} ${Math.round(one.y / CELL_PX)}`, one]));
  return [...cells.values()];
}
