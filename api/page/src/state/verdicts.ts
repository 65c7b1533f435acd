// What a person said of sightings, for the vehicle that is asked about now. Shown at once, then
// sent; taken back where the server refuses. Kept by vehicle: a sighting that is one vehicle is
// not another one of the same case.
import { computed, signal } from "@preact/signals";
import * as api from "../api/calls";
import type { FeedbackInfo, Verdict } from "../api/types";
import { toast } from "../parts/toast";
import { explain } from "../words/problems";
import { problemOf } from "../parts/notices";
import { type AskedAbout, subjectKey } from "./question";
import { needSitting, sitting } from "./sitting";

export type { AskedAbout } from "./question";
export type Verdicts = ReadonlyMap<string, Verdict>;

export const verdicts = signal<Verdicts>(new Map());
/** Whether anything was said that moves the search. */
export const judged = computed(() => [...verdicts.value.values()].some((one) => one !== "unsure"));

const NONE: Verdicts = new Map();
/** By vehicle and case, as long as the tab is open. */
const kept = new Map<string, Verdicts>();
let opened = "";
let loading: { key: string; done: Promise<void> } | null = null;

const keyOf = (about: AskedAbout) => {
  const subject = subjectKey(about);
  return subject && sitting.value ? `${sitting.value.case}\n${subject}` : "";
};

/** Of a case's verdicts (newest first), those about this vehicle; what was said here counts more. */
export function merged(feedback: readonly FeedbackInfo[], about: AskedAbout, here: Verdicts): Verdicts {
  const map = new Map<string, Verdict>();
  if (subjectKey(about) === "") return here;
  for (const one of [...feedback].reverse()) {
    const other: AskedAbout = { snapshot: one.snapshot_id, sighting: one.query_sighting_id, box: one.box };
    if (subjectKey(other) !== subjectKey(about)) continue;
    map.delete(one.sighting_id);
    map.set(one.sighting_id, one.verdict);
  }
  for (const [id, verdict] of here) {
    map.delete(id);
    map.set(id, verdict);
  }
  return map;
}

/**
 * Make a vehicle the one that `verdicts` is about; resolves when what the case knows is there.
 * Needs a sitting; without one there are no verdicts yet. An outage leaves those of this tab.
 */
export function openSubject(about: AskedAbout): Promise<void> {
  const key = keyOf(about);
  const asked = sitting.value;
  if (key === "" || !asked) {
    opened = "";
    verdicts.value = NONE;
    return Promise.resolve();
  }
  if (loading?.key === key) return loading.done;
  opened = key;
  verdicts.value = kept.get(key) ?? NONE;
  const load = async () => {
    try {
      const { feedback } = await api.feedback(asked);
      put(key, merged(feedback, about, kept.get(key) ?? NONE));
    } catch {
      loading = null;
    }
  };
  loading = { key, done: load() };
  return loading.done;
}

/** Say something of a sighting; true when the server took it. */
export async function give(sightingId: string, verdict: Verdict, about: AskedAbout): Promise<boolean> {
  const asked = await needSitting();
  if (!asked) return false;
  const key = keyOf(about);
  if (key !== "" && key !== opened) await openSubject(about);
  const before = verdicts.value.get(sightingId);
  set(key, sightingId, verdict);
  try {
    await api.giveFeedback(asked, {
      sighting_id: sightingId, verdict, snapshot_id: about.snapshot, box: about.box, query_sighting_id: about.sighting,
    });
    return true;
  } catch (error) {
    // Only if nothing newer was said meanwhile.
    if ((kept.get(key) ?? NONE).get(sightingId) === verdict) set(key, sightingId, before);
    toast(explain(problemOf(error)).title, "warn");
    return false;
  }
}

function set(key: string, sightingId: string, verdict: Verdict | undefined): void {
  const map = new Map(kept.get(key) ?? NONE);
  map.delete(sightingId);
  if (verdict) map.set(sightingId, verdict);
  put(key, map);
}

function put(key: string, map: Verdicts): void {
  kept.set(key, map);
  if (key === opened) verdicts.value = map;
}
