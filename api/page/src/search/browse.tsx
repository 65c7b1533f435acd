// Sightings without a snapshot: the newest ones, by filter, page after page.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/calls";
import type { SightingInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { useKeptScroll } from "../parts/kept-scroll";
import { EmptyState, ErrorNotice, Skeleton } from "../parts/notices";
import { SightingCard } from "../parts/sighting-card";
import { say } from "../state/language";
import { type Filters, NO_FILTERS, sightingsQuery } from "../state/question";
import { hashOf } from "../state/route";
import { needSitting, sitting } from "../state/sitting";
import { site } from "../state/site";
import { search } from "../words/search";
import { isReversed, numFilters } from "./draft";
import { FilterFields } from "./filters";
import { upload } from "./uploading";

const PAGE = 48;

interface Browsed { case: string; sightings: SightingInfo[]; next: string | null; auditId: string }
/** Kept while other views are open. */
const browsed = signal<Browsed | null>(null);
const filters = signal<Filters>(NO_FILTERS);
const busy = signal(false);
const fault = signal<unknown>(null);
let run = 0;

async function load(cursor: string | null): Promise<void> {
  const who = await needSitting();
  if (!who) return;
  const mine = ++run;
  busy.value = true;
  fault.value = null;
  try {
    const answer = await api.sightings(who, sightingsQuery(filters.peek(), PAGE, cursor));
    if (mine !== run) return;
    const before = cursor ? browsed.peek()?.sightings ?? [] : [];
    browsed.value = { case: who.case, sightings: [...before, ...answer.sightings], next: answer.next, auditId: answer.audit_id };
  } catch (error) {
    if (mine === run) fault.value = error;
  }
  if (mine === run) busy.value = false;
}

export function Browse() {
  const words = say(search);
  // What was asked for one case is not shown in another.
  const shown = browsed.value?.case === sitting.value?.case ? browsed.value : null;
  const num = numFilters(filters.value);
  useKeptScroll("browse", shown !== null);
  const [open, setOpen] = useState(num > 0);
  const [stale, setStale] = useState(false);
  useEffect(() => {
    if (!stale) return;
    setStale(false);
    if (browsed.peek() && !isReversed(filters.peek())) void load(null);
  }, [stale]);
  useEffect(() => {
    // With a case at hand the newest come by themselves, once.
    if (sitting.peek() && !shown && !busy.peek() && !upload.peek()) void load(null);
  }, []);
  if (site.value?.num_sightings === 0) return <EmptyState icon="car" title={words.emptyArchive} hint={words.emptyArchiveHint} />;
  return (
    <section class="browse" aria-labelledby="browse-title">
      <header class="browse-head">
        <div>
          <h2 id="browse-title">{words.browse}</h2>
          <p class="small quiet">{words.browseHint}</p>
        </div>
        <div class="results-tools">
          {shown && (
            <button type="button" class={num ? "button chosen-button" : "button"} aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon name="filter" /> {words.filters} {num > 0 && <span class="badge accent">{num}</span>}
            </button>
          )}
          {shown && (
            <button type="button" class="button" disabled={busy.value} onClick={() => void load(null)}><Icon name="again" /> {words.browseNewer}</button>
          )}
        </div>
      </header>
      {shown && open && (
        <div class="card results-filters">
          <FilterFields value={filters.value} onChange={(part) => { filters.value = { ...filters.value, ...part }; setStale(true); }} />
          <div class="results-filter-foot">
            <button type="button" class="button" disabled={num === 0} onClick={() => { filters.value = NO_FILTERS; setStale(true); }}>{words.reset}</button>
          </div>
        </div>
      )}
      {fault.value !== null && <ErrorNotice error={fault.value} onAgain={() => void load(null)} />}
      {!shown && !busy.value && fault.value === null && (
        <div class="browse-start">
          <div class="browse-ghosts" aria-hidden="true">{[0, 1, 2, 3, 4, 5].map((at) => <span key={at}><Icon name="car" size={30} /></span>)}</div>
          <button type="button" class="button" onClick={() => void load(null)}><Icon name="grid" /> {words.browseStart}</button>
        </div>
      )}
      {busy.value && !shown && <Skeleton kind="cards" count={8} />}
      {shown && shown.sightings.length === 0 && <EmptyState icon="search" title={words.browseNone} hint={words.browseNoneHint} />}
      {shown && shown.sightings.length > 0 && (
        <>
          <ul class={busy.value ? "hit-grid fading" : "hit-grid"}>
            {shown.sightings.map((sighting) => (
              <li key={sighting.sighting_id}>
                <SightingCard sighting={sighting} foot={
                  <span class="browse-foot">
                    <a href={hashOf("search", { sighting: sighting.sighting_id })}><Icon name="search" size={15} /> {words.like}</a>
                    <a href={hashOf("trace", { sighting: sighting.sighting_id })}><Icon name="route" size={15} /> {words.traceRoute}</a>
                  </span>
                } />
              </li>
            ))}
          </ul>
          <p class="results-more">
            {shown.next
              ? <button type="button" class="button" disabled={busy.value} onClick={() => void load(shown.next)}><Icon name="down" /> {words.browseMore}</button>
              : <span class="small quiet">{words.browseEnd}</span>}
          </p>
        </>
      )}
    </section>
  );
}
