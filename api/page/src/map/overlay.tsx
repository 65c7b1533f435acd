// What lies over the ground of a map: routes, stops, where next, labels. The same for both ways of
// drawing the ground, and on paper.
import { useMemo } from "preact/hooks";
import { say } from "../state/language";
import { cameraLabel } from "../state/site";
import { mapWords } from "../words/map";
import { clockSpan } from "../trace/spans";
import { nearestIn, placed, type Rect } from "./labels";
import { clipped, sampled } from "./lines";
import type { MapModel, MapStop } from "./model";
import { colourOf } from "./route-colour";
import { drawnRoute, Pills, RouteShape, type DrawnRoute } from "./route-shape";
import { TagShape } from "./tag-shape";
import { chipWidth, type Tag, tagsOf } from "./tags";
import { inView, type LngLat, type MapView, type Point, project, type Size } from "./view";
import { Wedges } from "./wedges";

const STOP_R_PX = 11;
const NARROW_PX = 560;
const MARGIN_PX = 10;
const AWAY_PX = 16;
/** With more roads labels may lie on them. */
const MOST_ROADS = 400;

export interface OverlayProps {
  model: MapModel;
  view: MapView;
  /** The view when it last stood still: labels keep their side while the map moves. */
  settled: MapView;
  size: Size;
  hovered: string | null;
  selected: string | null;
  highlighted: number | null;
  onHighlight: ((leg: number | null) => void) | null;
  onLeg: ((leg: number) => void) | null;
}

export function Overlay(props: OverlayProps) {
  const { model, view, settled, size, hovered, selected, highlighted, onHighlight, onLeg } = props;
  const narrow = size.width < NARROW_PX;
  const tags = useMemo(() => tagsOf(model, settled, size, hovered ?? selected, narrow), [model, settled, size, hovered, selected, narrow, say(mapWords)]);
  const sides = useMemo(() => sidesOf(tags, model, settled, size), [tags, model, settled, size]);
  // Of many stops only some have room for a label; the one pointed at shows its own, on top.
  const isPointed = (tag: Tag) => highlighted !== null && tag.rows.some((row) => row.legs.includes(highlighted));
  const sideOf = (tag: Tag): Point | undefined =>
    sides.get(tag.key) ?? (isPointed(tag) || tag.id === hovered ? [AWAY_PX, -tag.size.height / 2] : undefined);
  const shown = [...tags.filter((tag) => !isPointed(tag)), ...tags.filter(isPointed)];
  const at = (place: LngLat) => project(view, size, place);
  const chosen = model.chosen ? drawnRoute(model.chosen, view, size, 0) : null;
  return (
    <svg class="map-overlay" width={size.width} height={size.height}>
      <Wedges model={model} view={view} size={size} />
      <g aria-hidden="true">
        {model.others.map((route, index) => <RouteShape key={route.rank} route={drawnRoute(route, view, size, index + 1)} thin highlighted={null} />)}
      </g>
      {chosen && <RouteShape route={chosen} highlighted={highlighted} onHighlight={onHighlight} onLeg={onLeg} />}
      {model.next.map(({ id, at: place, next }) => {
        const [x, y] = at(place);
        return <circle key={id} class={`map-next is-${next.state}`} cx={x} cy={y} r={STOP_R_PX - 1} aria-hidden="true" />;
      })}
      {chosen && <Pills route={chosen} />}
      {selected !== null && model.cameras.filter((one) => one.id === selected).map((one) => {
        const [x, y] = at(one.at);
        return <circle key={one.id} class="map-selected" cx={x} cy={y} r={STOP_R_PX} />;
      })}
      {shown.map((tag) => {
        const offset = sideOf(tag);
        if (!offset) return null;
        const anchor = at(tag.at);
        const [x, y] = [anchor[0] + offset[0], anchor[1] + offset[1]];
        const end = nearestIn([x, y, x + tag.size.width, y + tag.size.height], anchor);
        return tag.kind === "camera" ? null : <line key={tag.key} class={`map-leader ${tag.kind}`} x1={anchor[0]} y1={anchor[1]} x2={end[0]} y2={end[1]} />;
      })}
      {model.stops.map((stop) => <StopShape key={stop.id} stop={stop} at={at(stop.at)} rank={model.chosen?.rank ?? 1}
        highlighted={highlighted} onHighlight={onHighlight} onLeg={onLeg} />)}
      {shown.map((tag) => {
        const offset = sideOf(tag);
        if (!offset) return null;
        const [x, y] = at(tag.at);
        return <TagShape key={tag.key} tag={tag} x={x + offset[0]} y={y + offset[1]} rank={model.chosen?.rank ?? 1} highlighted={highlighted}
          onHighlight={onHighlight} onLeg={onLeg} />;
      })}
    </svg>
  );
}

interface StopProps extends Pick<OverlayProps, "highlighted" | "onHighlight" | "onLeg"> { stop: MapStop; at: Point; rank: number }

function StopShape({ stop, at: [x, y], rank, highlighted, onHighlight, onLeg }: StopProps) {
  const words = say(mapWords);
  const legs = stop.visits.flatMap((visit) => visit.legs);
  const text = stop.visits.length > 3 ? `${stop.visits[0]?.numbers}…` : stop.visits.map((visit) => visit.numbers).join("·");
  const width = Math.max(STOP_R_PX * 2, chipWidth(text) + 4);
  const times = stop.visits.map((visit) => clockSpan(visit.first, visit.last)).join(", ");
  const first = legs[0] ?? 0;
  const label = words.stop(cameraLabel(stop.id), stop.visits.map((visit) => visit.numbers).join(", "), times);
  const is = highlighted !== null && legs.includes(highlighted);
  const actions = onLeg ? {
    role: "button" as const, tabIndex: 0, "data-map-item": true,
    onMouseEnter: () => onHighlight?.(first), onMouseLeave: () => onHighlight?.(null),
    onFocus: () => onHighlight?.(first), onBlur: () => onHighlight?.(null),
    onClick: () => onLeg(first),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      onLeg(first);
    },
  } : { role: "img" as const };
  return (
    <g class={`map-stop route-${colourOf(rank)}${is ? " highlighted" : ""}`} aria-label={label} {...actions}>
      {is && <rect class="map-halo" x={x - width / 2 - 5} y={y - STOP_R_PX - 5} width={width + 10} height={STOP_R_PX * 2 + 10} rx={STOP_R_PX + 5} />}
      <rect x={x - width / 2} y={y - STOP_R_PX} width={width} height={STOP_R_PX * 2} rx={STOP_R_PX} />
      <text x={x} y={y + 4.3}>{text}</text>
    </g>
  );
}


/** For every label that has a place: from its point to its upper left corner. */
function sidesOf(tags: readonly Tag[], model: MapModel, view: MapView, size: Size): Map<string, Point> {
  const points = new Map(tags.map((tag) => [tag.key, project(view, size, tag.at)]));
  const near = (tag: Tag) => {
    const [x, y] = points.get(tag.key) ?? [0, 0];
    return x > -80 && y > -80 && x < size.width + 80 && y < size.height + 80;
  };
  const shown = tags.filter(near);
  const inside: Rect = [MARGIN_PX, MARGIN_PX, size.width - MARGIN_PX, size.height - MARGIN_PX];
  const around = ([x, y]: Point): Rect => [x - STOP_R_PX, y - STOP_R_PX, x + STOP_R_PX, y + STOP_R_PX];
  const dots = shown.filter((tag) => tag.kind !== "camera").map((tag) => around(points.get(tag.key) ?? [0, 0]));
  const route = model.chosen ? drawnRoute(model.chosen, view, size, 0) : null;
  const boxes = placed(
    shown.map((tag) => ({
      key: tag.key, at: points.get(tag.key) ?? [0, 0], size: tag.size, away: tag.kind === "camera" ? 9 : AWAY_PX, optional: tag.optional,
    })),
    inside, [...dots, ...corners(size, model.unplaced.length > 0), ...(route?.pills ?? [])], busyOf(route, model, view, size, inside),
  );
  return new Map([...boxes].map(([key, [x, y]]) => {
    const [px, py] = points.get(key) ?? [0, 0];
    return [key, [x - px, y - py] as const];
  }));
}

/** Buttons and the scale lie in the corners. */
function corners({ width, height }: Size, note: boolean): Rect[] {
  const said: Rect[] = note ? [[0, 0, Math.min(320, width / 2), 42]] : [];
  return [...said, [width - 56, 0, width, 150], [width - 150, height - 44, width, height], [0, height - 80, 130, height]];
}

function busyOf(route: DrawnRoute | null, model: MapModel, view: MapView, size: Size, inside: Rect): Point[] {
  const within = ([x, y]: Point) => x >= inside[0] && y >= inside[1] && x <= inside[2] && y <= inside[3];
  const lines = (route?.legs ?? []).flatMap((leg) => leg.parts.flatMap((part) => sampled(part.segment, 8)));
  const stops = [...model.stops, ...model.next].map((one) => project(view, size, one.at));
  const near = inView(view, size);
  const looks = model.cameras.flatMap(({ at, heading }) => {
    if (!near(at)) return [];
    const [x, y] = project(view, size, at);
    const turn = ((heading ?? 0) * Math.PI) / 180;
    return heading === null ? [] : [[x + 22 * Math.sin(turn), y - 22 * Math.cos(turn)] as const];
  });
  const roads = model.roads.length > MOST_ROADS ? [] : model.roads.flatMap((road) => {
    const seen = clipped([project(view, size, road.from), project(view, size, road.to)], size.width, size.height);
    return seen ? sampled(seen, 24) : [];
  });
  return [...lines, ...stops, ...looks, ...roads].filter(within);
}
