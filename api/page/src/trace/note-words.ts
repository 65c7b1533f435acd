// The remarks on a whole trace in the language of now; what this page does not know stays English.
import type { NoteInfo } from "../api/types";
import { say } from "../state/language";
import { cameraLabel } from "../state/site";
import { traceWords, type Values } from "../words/trace";

/** Remarks that ask for care. */
export const CAREFUL: ReadonlySet<string> = new Set(["basis_time", "no_sightings", "few_hits", "by_chance", "place_unmatched", "confirmed_apart"]);

export function noteText(note: NoteInfo): string {
  const sentences: Record<string, string | ((values: Values) => string)> = say(traceWords).note;
  const sentence = sentences[note.code];
  if (sentence === undefined) return note.text;
  if (typeof sentence === "string") return sentence;
  let complete = true;
  const text = sentence((key) => {
    const value = note.values[key];
    if (value === undefined) complete = false;
    if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(2);
    return key === "camera_id" && value ? cameraLabel(value) : String(value);
  });
  return complete ? text : note.text;
}
