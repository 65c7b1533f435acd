// What is being put together before it is asked: starts as what the address says.
import { computed, effect, signal } from "@preact/signals";
import type { Filters, Question } from "../state/question";
import { paramsOf, questionOf, traceParams } from "../state/question";
import { go, place } from "../state/route";

/** The question of the address; while another view is open, the one to come back to. */
export const asked = signal<Question>(questionOf(new URLSearchParams()));
/** True once a vehicle is chosen in the address: then there is something to search for. */
export const isAsked = computed(() => asked.value.sighting !== null || asked.value.box !== null);
export const draft = signal<Question>(asked.peek());

let last = "";
effect(() => {
  const { view, params } = place.value;
  if (view !== "search") return;
  const question = questionOf(params);
  const text = paramsOf(question).toString();
  if (text === last) return;
  last = text;
  asked.value = question;
  draft.value = question;
});

export function change(part: Partial<Question>): void {
  draft.value = { ...draft.value, ...part };
}

export const find = (): void => go("search", paramsOf(draft.value));
export const trace = (): void => go("trace", traceParams(draft.value));

export const filtersOf = ({ from, to, cameras, classes, colours, directions, onlyKnown }: Filters): Filters =>
  ({ from, to, cameras, classes, colours, directions, onlyKnown });
export const numFilters = (filters: Filters): number =>
  (filters.from || filters.to ? 1 : 0) + (filters.cameras.length ? 1 : 0) + (filters.classes.length ? 1 : 0) +
  (filters.colours.length ? 1 : 0) + (filters.directions.length ? 1 : 0);
export const sameFilters = (one: Filters, other: Filters): boolean =>
  JSON.stringify(filtersOf(one)) === JSON.stringify(filtersOf(other));
/** "from" after "to": the server would refuse it. */
export const isReversed = (filters: Filters): boolean =>
  !!filters.from && !!filters.to && Date.parse(filters.from) > Date.parse(filters.to);
