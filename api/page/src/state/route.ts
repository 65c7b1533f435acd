// Where in the page one is, kept in the address behind '#': a copied link opens the same view.
import { signal } from "@preact/signals";

export type View = "search" | "trace" | "live" | "sighting";
export interface Place { view: View; params: URLSearchParams }

const VIEWS: readonly View[] = ["search", "trace", "live", "sighting"];

export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const view = VIEWS.find((known) => known === path) ?? "search";
  return { view, params: new URLSearchParams(query) };
}

export function hashOf(view: View, params: Record<string, string> | URLSearchParams = {}): string {
  const query = new URLSearchParams(params).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

export const place = signal<Place>(placeOf(location.hash));

export function go(view: View, params: Record<string, string> | URLSearchParams = {}): void {
  location.hash = hashOf(view, params);
}

/** Change the address without a new step in the history. */
export function amend(view: View, params: Record<string, string> | URLSearchParams): void {
  history.replaceState(null, "", hashOf(view, params));
  place.value = placeOf(location.hash);
}

/** Steps taken inside the page: with none there is nothing of it to go back to. */
export const steps = { num: 0 };

addEventListener("hashchange", () => {
  steps.num += 1;
  place.value = placeOf(location.hash);
});
