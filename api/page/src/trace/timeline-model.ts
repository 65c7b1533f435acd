// The timeline: a lane per camera, time to the right; places are shares of the width (0..1).
import type { GapInfo, LegInfo, NextInfo, Time } from "../api/types";
import { visitsOf } from "../map/model";

export interface LaneVisit { numbers: string; legs: number[]; from: number; to: number; first: Time; last: Time }
export interface LaneSpan { from: number; to: number; first: Time; last: Time | null }
export interface LaneWindow extends LaneSpan { state: NextInfo["state"] }
export interface Lane { id: string; visits: LaneVisit[]; gaps: LaneSpan[]; windows: LaneWindow[] }
/** From a visit to the next one; y are numbers of lanes. */
export interface Drive { leg: number; x1: number; y1: number; x2: number; y2: number; sure: boolean }
export interface Tick { at: number; time: Time; day: boolean }
export interface TimelineModel { lanes: Lane[]; drives: Drive[]; ticks: Tick[]; stepS: number; left: number; numMore: number }

const MOST_LANES = 14;
const MOST_WINDOW_LANES = 4;
const MOST_GAP_LANES = 3;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
const TICKS = 6;
const LEAST_SPAN_MS = 10_000;
/** Of the route's time (at least 30 s) is shown after its end for where next. */
const AFTER = 0.6;

export function timelineOf(
  legs: readonly LegInfo[], next: readonly NextInfo[], gaps: readonly GapInfo[], aheadMs: (moment: number) => number = () => 0,
): TimelineModel {
  const visits = visitsOf(legs);
  const starts = visits.map((visit) => Date.parse(visit.first));
  const ends = visits.map((visit) => Date.parse(visit.last));
  const [first, last] = [Math.min(...starts), Math.max(...ends)];
  const wanted = Math.max(last, ...next.map((one) => Date.parse(one.latest)));
  const after = Math.min(wanted - last, Math.max((last - first) * AFTER, 30_000));
  const margin = Math.max((last + after - first) * 0.03, (LEAST_SPAN_MS - (last + after - first)) / 2, 500);
  const [begin, end] = [first - margin, last + after + margin];
  const share = (moment: number) => Math.min(Math.max((moment - begin) / (end - begin), 0), 1);

  const lanes = new Map<string, Lane>();
  const laneOf = (id: string): Lane => {
    const lane = lanes.get(id) ?? { id, visits: [], gaps: [], windows: [] };
    lanes.set(id, lane);
    return lane;
  };
  for (const visit of visits) {
    const id = legs[visit.legs[0] ?? 0]?.camera_id ?? "";
    const [from, to] = [share(Date.parse(visit.first)), share(Date.parse(visit.last))];
    laneOf(id).visits.push({ ...visit, from, to });
  }
  // A route of very many cameras: its first ones have lanes, the list has them all.
  const own = [...lanes.keys()];
  const hidden = new Set(own.slice(MOST_LANES));
  const before = own.length;
  let numMore = hidden.size;
  for (const one of next) {
    if (!lanes.has(one.camera_id) && lanes.size - before >= MOST_WINDOW_LANES) { numMore += 1; continue; }
    const from = Date.parse(one.earliest);
    if (from >= end) continue;
    laneOf(one.camera_id).windows.push({ from: share(from), to: share(Date.parse(one.latest)), first: one.earliest, last: one.latest, state: one.state });
  }
  const withWindows = lanes.size;
  const missed = new Set<string>();
  for (const gap of gaps) {
    const [from, to] = [Date.parse(gap.from), gap.to === null ? end : Date.parse(gap.to)];
    if (to <= begin || from >= end) continue;
    if (!lanes.has(gap.camera_id) && lanes.size - withWindows >= MOST_GAP_LANES) { missed.add(gap.camera_id); continue; }
    laneOf(gap.camera_id).gaps.push({ from: share(from), to: share(to), first: gap.from, last: gap.to });
  }
  numMore += missed.size;
  const shown = [...lanes.values()].filter((lane) => !hidden.has(lane.id));
  const rows = new Map(shown.map((lane, at) => [lane.id, at]));
  const stepS = stepOf((end - begin) / 1000);
  return {
    lanes: shown, drives: drivesOf(legs, visits.map((visit) => visit.legs), rows, share), ticks: ticksOf(begin, end, stepS, aheadMs, share),
    stepS, left: begin, numMore,
  };
}

function drivesOf(legs: readonly LegInfo[], visits: readonly number[][], rows: ReadonlyMap<string, number>, share: (moment: number) => number): Drive[] {
  return visits.slice(1).flatMap((visit, at): Drive[] => {
    const [a, b] = [legs[visits[at]?.at(-1) ?? 0], legs[visit[0] ?? 0]];
    const [y1, y2] = [rows.get(a?.camera_id ?? ""), rows.get(b?.camera_id ?? "")];
    if (!a || !b || y1 === undefined || y2 === undefined) return [];
    const sure = b.facts.basis === "roads" && b.facts.unseen.length === 0 && b.facts.down.length === 0;
    return [{ leg: visit[0] ?? 0, x1: share(Date.parse(a.last_seen)), y1, x2: share(Date.parse(b.first_seen)), y2, sure }];
  });
}

export function stepOf(spanS: number): number {
  return STEPS_S.find((step) => spanS / step <= TICKS) ?? STEPS_S.at(-1)!;
}

/** Full steps of the wall clock: `aheadMs` is how far the zone is ahead of UTC. */
function ticksOf(begin: number, end: number, stepS: number, aheadMs: (moment: number) => number, share: (moment: number) => number): Tick[] {
  const step = stepS * 1000;
  const ahead = aheadMs(begin);
  const ticks: Tick[] = [];
  for (let wall = Math.ceil((begin + ahead) / step) * step; wall - ahead <= end; wall += step) {
    const moment = wall - ahead;
    ticks.push({ at: share(moment), time: new Date(moment).toISOString(), day: wall % 86_400_000 === 0 });
  }
  return ticks;
}
