// The answer to the question of the address: asked once, asked again when something that changes
// the ranking was said, kept while other views are open.
import { signal } from "@preact/signals";
import * as api from "../api/calls";
import type { SearchAnswer, SightingInfo } from "../api/types";
import { paramsOf, type Question, searchRequest } from "../state/question";
import { needSitting } from "../state/sitting";
import { openSubject, verdicts, type Verdicts } from "../state/verdicts";

interface Ranking { key: string; variant: string; answer: SearchAnswer }

export const ranking = signal<Ranking | null>(null);
/** `first`: nothing to show yet; `again`: the list shown is being ranked again. */
export const busy = signal<"first" | "again" | null>(null);
export const fault = signal<unknown>(null);
export const lacksCase = signal(false);
/** Every hit seen so far: those taken out are not in later answers. */
export const passed = new Map<string, SightingInfo>();

/** A click seldom comes alone. */
const PAUSE_MS = 120;
let run = 0;
/** The request under way, by what it asks. */
let sent: { text: string; control: AbortController } | null = null;

/** What else than the question makes the ranking: how many, and what was said. */
export function variantOf(question: Question, said: Verdicts): string {
  const named = (verdict: string) => [...said].filter(([, one]) => one === verdict).map(([id]) => id).sort().join();
  return `${question.limit} ${named("confirmed")} ${named("rejected")}`;
}

export async function follow(question: Question, again = false): Promise<void> {
  const mine = ++run;
  lacksCase.value = false;
  const who = await needSitting();
  if (mine !== run) return;
  if (!who) {
    lacksCase.value = true;
    return;
  }
  await openSubject(question);
  if (mine !== run) return;
  const key = `${who.case}\n${paramsOf({ ...question, limit: 1, at: null, time: null })}`;
  const variant = variantOf(question, verdicts.peek());
  const before = ranking.peek();
  const text = `${key}\n${variant}`;
  if (!again && sent?.text === text) return;
  if (!again && before?.key === key && before.variant === variant) {
    sent?.control.abort();
    sent = null;
    busy.value = null;
    return;
  }
  const known = before?.key === key;
  if (!known) ranking.value = null;
  fault.value = null;
  busy.value = known ? "again" : "first";
  if (known) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (mine !== run) return;
  }
  sent?.control.abort();
  const ask = (sent = { text, control: new AbortController() });
  try {
    const answer = await api.search(who, searchRequest(question, verdicts.peek()), ask.control.signal);
    if (sent !== ask) return;
    for (const hit of answer.hits) passed.set(hit.sighting_id, hit);
    ranking.value = { key, variant, answer };
  } catch (error) {
    if (sent !== ask) return;
    fault.value = error;
  }
  sent = null;
  busy.value = null;
}
