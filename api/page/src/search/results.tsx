// The answer to a search: ranked cards, filters, and what the answer rests on.
import { signal, useSignalEffect } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { HitInfo } from "../api/types";
import { CopyLink } from "../parts/copy-link";
import { Icon } from "../parts/icons";
import { useKeptScroll } from "../parts/kept-scroll";
import { EmptyState, ErrorNotice, problemOf, Skeleton } from "../parts/notices";
import { Segments } from "../parts/segments";
import { onReturn } from "../state/connection";
import { language, say } from "../state/language";
import { MOST, NO_FILTERS, paramsOf } from "../state/question";
import { amend } from "../state/route";
import { sitting } from "../state/sitting";
import { verdicts } from "../state/verdicts";
import { search } from "../words/search";
import { busy, fault, follow, lacksCase, ranking } from "./answer";
import { Compare } from "./compare";
import { Coverage } from "./coverage";
import { asked, change, draft, filtersOf, find, isReversed, numFilters, sameFilters } from "./draft";
import { DropZone, UploadState } from "./drop-zone";
import { FilterFields } from "./filters";
import type { Grouping } from "./grouping";
import { HitGrid } from "./hit-grid";
import { RejectedList } from "./rejected-list";

const grouping = signal<Grouping>("rank");
/** "More" shows so many times as many. */
const MORE = 2;

export function Results() {
  const words = say(search);
  const question = asked.value;
  const [looked, setLooked] = useState<HitInfo | null>(null);
  useSignalEffect(() => {
    // Whatever changes the ranking: the question, the case, what was said.
    void [verdicts.value, sitting.value];
    void follow(asked.value);
  });
  useEffect(() => onReturn(() => {
    if (fault.peek() !== null && problemOf(fault.peek()).code === "offline") void follow(asked.peek(), true);
  }), []);
  const answer = ranking.value?.answer ?? null;
  const hits = (answer?.hits ?? []).filter((hit) => verdicts.value.get(hit.sighting_id) !== "rejected");
  useKeptScroll(`results ${paramsOf({ ...question, limit: 1 })}`, answer !== null);
  const again = () => void follow(asked.peek(), true);
  const hit = hits.find((one) => one.sighting_id === looked?.sighting_id) ?? hits[0] ?? null;
  return (
    <div class="results">
      <Compare question={question} answer={answer} hit={hit} />
      <div class="results-main">
        {!(fault.value !== null && problemOf(fault.value).code === "unknown_snapshot") && <UploadState />}
        <ResultsHead num={hits.length} />
        {fault.value !== null && <ErrorNotice error={fault.value} onAgain={again} />}
        {fault.value !== null && problemOf(fault.value).code === "unknown_snapshot" && <DropZone />}
        {lacksCase.value && (
          <EmptyState icon="case" title={words.needCase} hint={words.needCaseHint}>
            <button type="button" class="button first" onClick={() => void follow(asked.peek())}>{words.giveCase}</button>
          </EmptyState>
        )}
        {busy.value === "first" && !answer && <Skeleton kind="cards" count={8} />}
        {answer && (
          <>
            <Coverage answer={answer} />
            {hits.length > 0 ? (
              <HitGrid hits={hits} question={question} by={grouping.value} version={answer} onLook={setLooked} />
            ) : (
              <NoHits rejected={answer.hits.length > 0 || [...verdicts.value.values()].includes("rejected")} />
            )}
            {hits.length > 0 && answer.hits.length >= question.limit && <More shown={question.limit} />}
            <RejectedList question={question} />
            {hits.length > 0 && <p class="small quiet results-keys">{words.keys}</p>}
          </>
        )}
      </div>
    </div>
  );
}

function ResultsHead({ num }: { num: number }) {
  const words = say(search);
  const answer = ranking.value?.answer;
  const state = busy.value;
  const question = draft.value;
  const set = numFilters(question);
  const [open, setOpen] = useState(false);
  const changed = !sameFilters(question, asked.value);
  const searched = answer && new Intl.NumberFormat(language.value === "zh" ? "zh-CN" : "en-GB").format(answer.searched);
  return (
    <header class="results-head">
      <div class="results-title">
        <h1 aria-live="polite">{answer ? (answer.hits.length ? words.results(num) : words.none) : state ? words.searching : words.title}</h1>
        <p class="small quiet">
          {searched && <span>{words.ranked(searched)}</span>}
          {answer && <span class="results-audit" title={answer.audit_id}><Icon name="shield" size={14} /> {words.audit(shortAudit(answer.audit_id))}</span>}
          <span class="results-state" role="status">{state === "again" && <><span class="spin" aria-hidden="true" /> {words.ranking}</>}</span>
        </p>
      </div>
      <div class="results-tools">
        <Segments label={words.group} value={grouping.value} onChange={(by) => { grouping.value = by; }}
          options={[{ value: "rank", text: words.byRank }, { value: "time", text: words.byTime }, { value: "camera", text: words.byCamera }]} />
        <button type="button" class={set ? "button chosen-button" : "button"} aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name="filter" /> {words.filters} {set > 0 && <span class="badge accent">{set}</span>}
        </button>
        <CopyLink bare />
      </div>
      {open && (
        <form class="card results-filters" onSubmit={(event) => { event.preventDefault(); find(); }}>
          <FilterFields value={question} onChange={change} about={question.time} attributes />
          <div class="results-filter-foot">
            <button type="button" class="button" disabled={set === 0} onClick={() => change(NO_FILTERS)}>{words.reset}</button>
            <button type="submit" class="button first" disabled={!changed || isReversed(question)}>{words.apply}</button>
          </div>
        </form>
      )}
    </header>
  );
}

/** An audit id can be a long hash: its beginning names it well enough, the rest is in the title. */
const shortAudit = (id: string): string => (id.length > 14 ? `${id.slice(0, 12)}…` : id);

function NoHits({ rejected }: { rejected: boolean }) {
  const words = say(search);
  const wide = numFilters(filtersOf(asked.value)) === 0;
  return (
    <EmptyState icon="search" title={rejected ? words.noneRejected : words.none} hint={rejected ? words.noneRejectedHint : words.noneHint}>
      {!wide && (
        <button type="button" class="button first" onClick={() => { change(NO_FILTERS); find(); }}>{words.widen}</button>
      )}
    </EmptyState>
  );
}

function More({ shown }: { shown: number }) {
  const words = say(search);
  if (shown >= MOST) return <p class="results-more small quiet">{words.mostShown}</p>;
  const more = () => amend("search", paramsOf({ ...asked.peek(), limit: Math.min(MOST, shown * MORE) }));
  return (
    <p class="results-more">
      <button type="button" class="button" disabled={busy.value !== null} onClick={more}><Icon name="plus" /> {words.more}</button>
    </p>
  );
}
