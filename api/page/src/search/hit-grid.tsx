// Hits in their groups: arrow keys go from card to card, letters say something of one, and cards
// glide to their new places when the ranking changes.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { HitInfo, Verdict } from "../api/types";
import { say } from "../state/language";
import type { Question } from "../state/question";
import { cameraLabel } from "../state/site";
import { day, hour } from "../state/times";
import { give, verdicts } from "../state/verdicts";
import { siteZone } from "../state/zone";
import { search } from "../words/search";
import { grouped, type Group, type Grouping, stepTo } from "./grouping";
import { HitCard, sightingHash, traceHash } from "./hit-card";

const GLIDE_MS = 260;
export const LETTERS: Record<string, Verdict> = { c: "confirmed", r: "rejected", n: "unsure" };

interface Props {
  hits: readonly HitInfo[];
  question: Question;
  by: Grouping;
  /** Changes when the ranking does: cards then glide. */
  version: unknown;
  onLook: (hit: HitInfo) => void;
}

export function HitGrid({ hits, question, by, version, onLook }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const groups = grouped(hits, by, siteZone());
  const order = groups.flatMap((group) => group.hits);
  const [focused, setFocused] = useState<string | null>(null);
  const current = order.some((hit) => hit.sighting_id === focused) ? focused : order[0]?.sighting_id ?? null;
  useGlide(frame, `${by} ${order.map((hit) => hit.sighting_id).join()}`, version);

  const focus = (hit: HitInfo | undefined) => {
    if (!hit) return;
    setFocused(hit.sighting_id);
    const card = frame.current?.querySelector<HTMLElement>(`[data-sighting="${hit.sighting_id}"]`);
    card?.focus({ preventScroll: true });
    card?.scrollIntoView({ block: "nearest" });
  };
  const columnsAt = (index: number) => {
    const cards = [...(frame.current?.querySelectorAll<HTMLElement>("[data-sighting]") ?? [])];
    const top = cards[index]?.offsetTop;
    return Math.max(1, cards.filter((card) => card.offsetTop === top).length);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const card = (event.target as HTMLElement).closest<HTMLElement>("[data-sighting]");
    const at = order.findIndex((hit) => hit.sighting_id === card?.dataset["sighting"]);
    const hit = order[at];
    if (!hit || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = stepTo(at, event.key, columnsAt(at), order.length);
    if (to !== null) {
      event.preventDefault();
      focus(order[to]);
      return;
    }
    const verdict = LETTERS[event.key.toLowerCase()];
    if (verdict) {
      event.preventDefault();
      const taken = verdicts.peek().get(hit.sighting_id) === verdict;
      // A card that is taken out must not take the focus with it.
      if (verdict === "rejected" && !taken) focus(order[at + 1] ?? order[at - 1]);
      void give(hit.sighting_id, taken ? "unsure" : verdict, question);
    } else if (event.key.toLowerCase() === "t") {
      location.hash = traceHash(hit.sighting_id);
    } else if (event.key === "Enter" && event.target === card) {
      location.hash = sightingHash(hit.sighting_id, question);
    }
  };
  return (
    <div ref={frame} class="hit-groups" onKeyDown={onKeyDown}>
      {groups.map((group) => (
        <section key={group.key} class="hit-group">
          {by !== "rank" && <GroupHead group={group} />}
          <ul class="hit-grid">
            {group.hits.map((hit) => (
              <li key={hit.sighting_id}>
                <HitCard hit={hit} question={question} current={hit.sighting_id === current}
                  onLook={() => onLook(hit)} onFocus={() => setFocused(hit.sighting_id)} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function GroupHead({ group }: { group: Group }) {
  return (
    <h2 class="hit-head">
      <span class="figure">{group.camera ? cameraLabel(group.camera) : group.from && `${day(group.from)} ${hour(group.from)}`}</span>
      <span class="badge figure">{say(search).count(group.hits.length)}</span>
    </h2>
  );
}

/** Let each card move from where it was to where it is. */
function useGlide(frame: { current: HTMLElement | null }, order: string, version: unknown): void {
  const before = useRef<{ order: string; places: Map<string, DOMRect> }>({ order: "", places: new Map() });
  useLayoutEffect(() => {
    const root = frame.current;
    if (!root) return;
    const origin = root.getBoundingClientRect();
    const places = new Map<string, DOMRect>();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const card of root.querySelectorAll<HTMLElement>("[data-sighting]")) {
      const rect = card.getBoundingClientRect();
      const id = card.dataset["sighting"] ?? "";
      const place = new DOMRect(rect.x - origin.x, rect.y - origin.y, rect.width, rect.height);
      places.set(id, place);
      const old = before.current.places.get(id);
      if (still || before.current.order === order) continue;
      if (!old) {
        if (before.current.order) card.animate([{ opacity: 0 }, { opacity: 1 }], { duration: GLIDE_MS });
      } else if (old.x !== place.x || old.y !== place.y) {
        card.animate([{ transform: `translate(${old.x - place.x}px, ${old.y - place.y}px)` }, { transform: "none" }],
          { duration: GLIDE_MS, easing: "ease-out" });
      }
    }
    before.current = { order, places };
  }, [order, version]);
}
