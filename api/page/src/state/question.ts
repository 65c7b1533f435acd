// What is asked, as it stands in the address: which vehicle, where and when it was, and filters.
import type { Box, ClassOrGroup, ColourName, Compass, Direction, SearchRequest, Subject, Time } from "../api/types";

/** Which vehicle: of a snapshot (without a box: none chosen yet), or of a stored sighting. */
export interface AskedAbout { snapshot: string | null; sighting: string | null; box: Box | null }
export interface Filters {
  from: Time | null; to: Time | null; cameras: string[]; classes: ClassOrGroup[];
  colours: ColourName[]; directions: Direction[];
  /** Leave out what has no known colour (or direction), where one is asked for. */
  onlyKnown: boolean;
}
export interface Question extends AskedAbout, Filters {
  /** Camera and moment of the snapshot, where known. */
  at: string | null; time: Time | null;
  limit: number;
}

export const NO_FILTERS: Filters = { from: null, to: null, cameras: [], classes: [], colours: [], directions: [], onlyKnown: false };
export const COLOURS = [
  "white", "grey", "black", "red", "orange", "yellow", "green", "blue", "brown", "purple",
] as const satisfies readonly ColourName[];
export const COMPASS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"] as const satisfies readonly Compass[];
/** As the camera sees it. */
export const ACROSS = ["away", "right", "towards", "left"] as const satisfies readonly Direction[];
export const FIRST_LIMIT = 50;
export const MOST = 500;
const MAX_CONFIRMED = 50;
const MAX_REJECTED = 200;
const CLASSES: ReadonlySet<string> = new Set<ClassOrGroup>([
  "car", "van", "truck", "bus", "motorcycle", "ebike", "bicycle", "tricycle", "two_wheeler", "four_wheel",
  "three_wheeler",
]);

/** "x1,y1,x2,y2" -> box; null where it is not four numbers of a box with an area. */
export function boxOf(text: string | null): Box | null {
  if (!text) return null;
  const parts = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const [x1, y1, x2, y2] = parts;
  if (parts.length !== 4 || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return null;
  if (![x1, y1, x2, y2].every(Number.isFinite) || x1 < 0 || y1 < 0 || x2 <= x1 || y2 <= y1) return null;
  return [x1, y1, x2, y2];
}

const known = <Kind extends string>(texts: string[], all: readonly Kind[]): Kind[] =>
  all.filter((one) => texts.includes(one));

export const boxText = (box: Box): string => box.map((side) => Math.round(side)).join(",");

function timeOf(text: string | null): Time | null {
  return text && !Number.isNaN(Date.parse(text)) ? text : null;
}

export function questionOf(params: URLSearchParams): Question {
  const hex = (key: string, digits: number) => {
    const value = params.get(key) ?? "";
    return value.length === digits && /^[0-9a-f]+$/.test(value) ? value : null;
  };
  const sighting = hex("sighting", 32);
  const snapshot = sighting ? null : hex("snapshot", 64);
  const limit = Number(params.get("limit") ?? FIRST_LIMIT);
  return {
    snapshot, sighting,
    box: snapshot ? boxOf(params.get("box")) : null,
    from: timeOf(params.get("from")), to: timeOf(params.get("to")),
    cameras: [...new Set(params.getAll("camera").filter(Boolean))],
    classes: [...new Set(params.getAll("class").filter((one) => CLASSES.has(one)))] as ClassOrGroup[],
    colours: known(params.getAll("colour"), COLOURS),
    directions: known(params.getAll("direction"), [...COMPASS, ...ACROSS]),
    onlyKnown: params.get("known") === "only" && (params.has("colour") || params.has("direction")),
    at: params.get("at") || null, time: timeOf(params.get("time")),
    limit: Number.isInteger(limit) && limit >= 1 ? Math.min(limit, MOST) : FIRST_LIMIT,
  };
}

/** The address of the vehicle alone, as `search`, `trace` and `sighting` take it. */
export function subjectParams(about: AskedAbout): URLSearchParams {
  const params = new URLSearchParams();
  if (about.sighting) params.set("sighting", about.sighting);
  else if (about.snapshot) {
    params.set("snapshot", about.snapshot);
    if (about.box) params.set("box", boxText(about.box));
  }
  return params;
}

const hasAttributes = ({ colours, directions }: Filters): boolean => colours.length + directions.length > 0;

/** The address of a question; what is not set is not in it. */
export function paramsOf(question: Question): URLSearchParams {
  const params = subjectParams(question);
  if (question.from) params.set("from", question.from);
  if (question.to) params.set("to", question.to);
  for (const camera of question.cameras) params.append("camera", camera);
  for (const one of question.classes) params.append("class", one);
  for (const one of question.colours) params.append("colour", one);
  for (const one of question.directions) params.append("direction", one);
  if (question.onlyKnown && hasAttributes(question)) params.set("known", "only");
  if (question.at) params.set("at", question.at);
  if (question.time) params.set("time", question.time);
  if (question.limit !== FIRST_LIMIT) params.set("limit", String(question.limit));
  return params;
}

/** The address of a trace of the same vehicle: place and time go with it, filters do not. */
export function traceParams(question: Question): URLSearchParams {
  const params = subjectParams(question);
  if (question.snapshot && question.at && question.time) {
    params.set("at", question.at);
    params.set("time", question.time);
  }
  return params;
}

/** One text for one vehicle: verdicts are kept under it. Empty where no vehicle is chosen. */
export function subjectKey(about: AskedAbout): string {
  if (about.sighting) return `sighting:${about.sighting}`;
  return about.snapshot && about.box ? `snapshot:${about.snapshot}:${boxText(about.box)}` : "";
}

/** The vehicle as search and trace requests take it, with what was said of hits so far. */
export function subjectOf(about: AskedAbout, said: ReadonlyMap<string, string> = new Map()): Subject {
  const named = (verdict: string) => [...said].filter(([, one]) => one === verdict).map(([id]) => id);
  const subject: Subject = about.sighting
    ? { sighting_id: about.sighting }
    : { snapshot_id: about.snapshot, box: about.box };
  // The newest count where there are more than the server takes.
  return {
    ...subject,
    confirmed: named("confirmed").filter((id) => id !== about.sighting).slice(-MAX_CONFIRMED),
    rejected: named("rejected").filter((id) => id !== about.sighting).slice(-MAX_REJECTED),
  };
}

export function searchRequest(question: Question, said: ReadonlyMap<string, string> = new Map()): SearchRequest {
  return {
    ...subjectOf(question, said),
    from: question.from, to: question.to, cameras: question.cameras, classes: question.classes,
    colours: question.colours, directions: question.directions, only_known: question.onlyKnown && hasAttributes(question),
    limit: question.limit,
  };
}

/** Filters as the query of `GET /sightings`, which knows no colours and directions. */
export function sightingsQuery(filters: Filters, limit: number, cursor: string | null = null): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit), order: "newest" });
  if (filters.from) query.set("from", filters.from);
  if (filters.to) query.set("to", filters.to);
  for (const camera of filters.cameras) query.append("camera", camera);
  for (const one of filters.classes) query.append("class", one);
  if (cursor) query.set("cursor", cursor);
  return query;
}
