// The labels of a map: what they say and how large they are.
import { clockSpan } from "../trace/spans";
import { cameraLabel } from "../state/site";
import { clock } from "../state/times";
import { say } from "../state/language";
import { mapWords } from "../words/map";
import type { MapModel, MapStop } from "./model";
import { textWidth } from "./text-size";
import { inView, type LngLat, type MapView, type Size } from "./view";

export type TagKind = "stop" | "next" | "passed" | "camera";
export interface TagRow { chip: string; text: string; legs: readonly number[] }
export interface Tag {
  key: string; kind: TagKind; id: string; at: LngLat; title: string; rows: TagRow[]; size: Size;
  /** State of a next camera, or how a camera was passed; chooses the colour. */
  tone: string; optional: boolean;
}

export const TITLE_FONT = "600 13px";
export const ROW_FONT = "500 12.5px";
export const PAD_PX = 8;
export const LINE_PX = 20;
export const CHIP_PX = 18;
const PLAIN_PX = 18;
/** Names of plain cameras are written while no more than this are in view. */
const MOST_NAMED = 40;
const ROWS_SHOWN = 4;
/** Of more stops only those have a label that find room near by. */
const MANY_STOPS = 8;
const MANY_STOPS_NARROW = 3;

export const chipWidth = (chip: string) => Math.max(CHIP_PX, textWidth(chip, "700 11.5px") + 9);

function sizeOf(title: string, rows: readonly TagRow[]): Size {
  const rowWidths = rows.map((row) => (row.chip ? chipWidth(row.chip) + 6 : 0) + textWidth(row.text, ROW_FONT));
  const width = Math.max(textWidth(title, TITLE_FONT), ...rowWidths) + 2 * PAD_PX;
  return { width: Math.ceil(width), height: rows.length ? LINE_PX * (rows.length + 1) + 6 : PLAIN_PX + 2 };
}

function tagOf(kind: TagKind, id: string, at: LngLat, rows: TagRow[], tone: string, optional: boolean, short: boolean): Tag {
  const title = short ? id : cameraLabel(id);
  return { key: `${kind} ${id}`, kind, id, at, title, rows, size: sizeOf(title, rows), tone, optional };
}

function stopRows(stop: MapStop, short: boolean): TagRow[] {
  const rows = stop.visits.map((visit) => ({ chip: visit.numbers, text: short ? clock(visit.first) : clockSpan(visit.first, visit.last), legs: visit.legs }));
  if (rows.length <= ROWS_SHOWN) return rows;
  const more = say(mapWords).more(rows.length - ROWS_SHOWN + 1);
  return [...rows.slice(0, ROWS_SHOWN - 1), { chip: "", text: more, legs: rows.slice(ROWS_SHOWN - 1).flatMap((row) => row.legs) }];
}

/** All labels that may be in view, the weightiest first. */
export function tagsOf(model: MapModel, view: MapView, size: Size, hovered: string | null, narrow: boolean): Tag[] {
  const words = say(mapWords);
  const last = model.stops.length - 1;
  const many = model.stops.length > (narrow ? MANY_STOPS_NARROW : MANY_STOPS);
  const tags: Tag[] = model.stops.map((stop, at) =>
    tagOf("stop", stop.id, stop.at, stopRows(stop, narrow), "", many && at !== 0 && at !== last, narrow));
  if (many) tags.splice(1, 0, ...tags.splice(last, 1));
  const seen = new Set(model.stops.map((stop) => stop.id));
  for (const [index, { id, at, next }] of model.next.entries()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const state = next.state === "ahead" ? "" : `${words.next[next.state]} · `;
    const row = { chip: "", text: state + clockSpan(next.earliest, next.latest), legs: [] };
    tags.push(tagOf("next", id, at, narrow && index > 1 ? [] : [row], next.state, true, narrow));
  }
  for (const stretch of model.chosen?.stretches ?? []) {
    for (const { id, at, kind } of stretch.passed) {
      if (seen.has(id)) continue;
      seen.add(id);
      tags.push(tagOf("passed", id, at, [{ chip: "", text: words.passed[kind], legs: [] }], kind, true, narrow));
    }
  }
  const near = inView(view, size);
  const named = model.cameras.filter((camera) => !seen.has(camera.id) && (camera.id === hovered || near(camera.at)));
  const few = named.length <= MOST_NAMED;
  for (const camera of named) {
    const isHovered = camera.id === hovered;
    if (few || isHovered) tags.push(tagOf("camera", camera.id, camera.at, [], isHovered ? "hovered" : "", !isHovered, narrow && !isHovered));
  }
  return tags;
}
