// A route as lines with arrows; where the way is not sure, broken lines.
import { duration } from "../state/times";
import { overlap, type Rect } from "./labels";
import { angleOf, cut, lengthOf, type Segment, shiftedRight } from "./lines";
import type { PartKind, Passed, RouteLine } from "./model";
import { colourOf } from "./route-colour";
import { textWidth } from "./text-size";
import { type MapView, type Point, project, type Size } from "./view";

export interface DrawnPart { segment: Segment; kind: PartKind }
export interface DrawnLeg { leg: number; parts: DrawnPart[]; pill: { at: Point; text: string; width: number } | null; passed: (Passed & { px: Point })[] }
export interface DrawnRoute { rank: number; legs: DrawnLeg[]; pills: Rect[] }

const ASIDE_PX = 5;
const FURTHER_ASIDE_PX = 4;
const START_CUT_PX = 14;
const END_CUT_PX = 19;
const PILL_FONT = "600 12px";
const PILL_H_PX = 20;
const PILL_SHARES = [0.5, 0.32, 0.68, 0.2, 0.8];
/** A stretch shorter than this has no room for its time. */
const LEAST_FOR_PILL_PX = 64;
const ARROW_EVERY_PX = 130;

/** `further`: 0 for the chosen route, then 1, 2 …: each lies a little more to the side. */
export function drawnRoute(route: RouteLine, view: MapView, size: Size, further: number): DrawnRoute {
  const pills: Rect[] = [];
  const legs = route.stretches.map((stretch): DrawnLeg => {
    const last = stretch.parts.length - 1;
    const parts = stretch.parts.map((part, at) => {
      const segment = shiftedRight([project(view, size, part.from), project(view, size, part.to)], ASIDE_PX + further * FURTHER_ASIDE_PX);
      return { kind: part.kind, segment: cut(segment, at === 0 ? START_CUT_PX : 4, at === last ? END_CUT_PX : 4) };
    });
    const line = parts.map((part) => part.segment);
    const far = line.reduce((sum, one) => sum + lengthOf(one), 0);
    const text = stretch.seconds === null ? "" : duration(Math.max(stretch.seconds, 0));
    const pill = further === 0 && text && far >= LEAST_FOR_PILL_PX ? freePill(longest(line), text, pills) : null;
    if (pill) pills.push(pillBox(pill));
    return { leg: stretch.leg, parts, pill, passed: stretch.passed.map((one) => ({ ...one, px: project(view, size, one.at) })) };
  });
  return { rank: route.rank, legs, pills };
}

/** The time stands in the middle of the longest part: at a camera between it would cover it. */
function longest(line: readonly Segment[]): Segment {
  return line.reduce((best, one) => (lengthOf(one) > lengthOf(best) ? one : best), line[0] ?? [[0, 0], [0, 0]]);
}

/** In the middle; where the way back has its time there already, a little further on. */
function freePill([a, b]: Segment, text: string, taken: readonly Rect[]): NonNullable<DrawnLeg["pill"]> {
  const width = textWidth(text, PILL_FONT) + 14;
  const pills = PILL_SHARES.map((share) => ({ at: [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share] as const, text, width }));
  return pills.find((pill) => taken.every((other) => overlap(pillBox(pill), other) === 0)) ?? pills[0]!;
}

const pillBox = ({ at: [x, y], width }: NonNullable<DrawnLeg["pill"]>): Rect =>
  [x - width / 2, y - PILL_H_PX / 2, x + width / 2, y + PILL_H_PX / 2];

interface Props {
  route: DrawnRoute;
  thin?: boolean;
  highlighted: number | null;
  onHighlight?: ((leg: number | null) => void) | null;
  onLeg?: ((leg: number) => void) | null;
}

export function RouteShape({ route, thin = false, highlighted, onHighlight = null, onLeg = null }: Props) {
  return (
    <g class={`map-route route-${colourOf(route.rank)}${thin ? " thin" : ""}`}>
      {route.legs.map((leg) => (
        <g key={leg.leg} class={leg.leg === highlighted ? "map-leg highlighted" : "map-leg"}
          {...(onLeg ? {
            "data-map-item": true, onMouseEnter: () => onHighlight?.(leg.leg), onMouseLeave: () => onHighlight?.(null),
            onClick: () => onLeg(leg.leg),
          } : {})}>
          {leg.parts.map((part, at) => <PartShape key={at} part={part} thin={thin} last={at === leg.parts.length - 1} />)}
          {!thin && leg.passed.map((one) => <PassedShape key={one.id} one={one} />)}
        </g>
      ))}
    </g>
  );
}

/** The times of the drives, above everything that lines cross. */
export function Pills({ route }: { route: DrawnRoute }) {
  return (
    <g class={`route-${colourOf(route.rank)}`} aria-hidden="true">
      {route.legs.map(({ leg, pill }) => pill && (
        <g key={leg} class="map-pill">
          <rect x={pill.at[0] - pill.width / 2} y={pill.at[1] - PILL_H_PX / 2} width={pill.width} height={PILL_H_PX} rx={PILL_H_PX / 2} />
          <text x={pill.at[0]} y={pill.at[1] + 4.3}>{pill.text}</text>
        </g>
      ))}
    </g>
  );
}

function PartShape({ part: { segment, kind }, thin, last }: { part: DrawnPart; thin: boolean; last: boolean }) {
  const [[x1, y1], [x2, y2]] = segment;
  const ends = { x1, y1, x2, y2 };
  return (
    <>
      {!thin && <line class="map-line-edge" {...ends} />}
      <line class={`map-line is-${kind}`} {...ends} />
      {!thin && <line class="map-line-touch" {...ends} />}
      {last && <Arrow segment={segment} large={!thin} />}
      {!thin && middles(segment).map((at) => <Chevron key={`${at[0]} ${at[1]}`} at={at} angle={angleOf(segment)} />)}
    </>
  );
}

/** Points along a long segment that show its direction again; none near its middle, where the time is. */
function middles(segment: Segment): Point[] {
  const far = lengthOf(segment);
  const count = Math.min(Math.floor(far / ARROW_EVERY_PX), 6);
  const [a, b] = segment;
  return Array.from({ length: count }, (_, k) => (k + 1) / (count + 1))
    .filter((share) => Math.abs(share - 0.5) * far > 30)
    .map((share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share] as const);
}

function Arrow({ segment, large }: { segment: Segment; large: boolean }) {
  const [x, y] = segment[1];
  const half = large ? 7.5 : 4;
  const long = large ? 15 : 8;
  return <path class="map-arrow" d={`M0 0L${-long} ${-half}L${-long * 0.7} 0L${-long} ${half}Z`} transform={`translate(${x + Math.cos((angleOf(segment) * Math.PI) / 180) * 5} ${y + Math.sin((angleOf(segment) * Math.PI) / 180) * 5}) rotate(${angleOf(segment)})`} />;
}

function Chevron({ at: [x, y], angle }: { at: Point; angle: number }) {
  return <path class="map-chevron" d="M-3 -3.2L1.5 0L-3 3.2" transform={`translate(${x} ${y}) rotate(${angle})`} />;
}

function PassedShape({ one: { px: [x, y], kind } }: { one: Passed & { px: Point } }) {
  return (
    <g class={`map-passed is-${kind}`}>
      <circle cx={x} cy={y} r={7} />
      {kind === "down" ? <path d={`M${x - 4} ${y - 4}L${x + 4} ${y + 4}M${x - 4} ${y + 4}L${x + 4} ${y - 4}`} /> : <path d={`M${x - 4} ${y}H${x + 4}`} />}
    </g>
  );
}
