// The step between a picture and its question: which vehicle, where and when, and filters.
import { useEffect, useState } from "preact/hooks";
import type { SnapshotInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { ErrorNotice, Skeleton } from "../parts/notices";
import { say } from "../state/language";
import { search } from "../words/search";
import { change, draft, find, isReversed, numFilters, trace } from "./draft";
import { ChooseFile, DropZone, UploadState } from "./drop-zone";
import { FilterFields } from "./filters";
import { PictureBoxes } from "./picture-boxes";
import { PlaceAndTime } from "./place-time";
import { snapshotOf } from "./uploading";

/** A snapshot by its id: not yet, why not, or there. */
export function useSnapshot(id: string | null): { info: SnapshotInfo | null; fault: unknown; again: () => void } {
  const [state, setState] = useState<{ id: string; info: SnapshotInfo | null; fault: unknown } | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (id === null) return;
    let wanted = true;
    setState((before) => (before?.id === id && before.info ? before : { id, info: null, fault: null }));
    snapshotOf(id).then(
      (info) => { if (wanted) setState({ id, info, fault: null }); },
      (fault: unknown) => { if (wanted) setState({ id, info: null, fault }); },
    );
    return () => { wanted = false; };
  }, [id, tries]);
  const now = state?.id === id ? state : null;
  return { info: now?.info ?? null, fault: now?.fault ?? null, again: () => setTries(tries + 1) };
}

export function Pick({ id }: { id: string }) {
  const words = say(search);
  const { info, fault, again } = useSnapshot(id);
  const question = draft.value;
  useEffect(() => {
    if (!info) return;
    const now = draft.peek();
    change({
      box: now.box ?? info.vehicles[0]?.box ?? null,
      time: now.time ?? info.taken,
    });
  }, [info?.snapshot_id]);
  if (fault !== null) {
    return (
      <div class="pick-fault">
        <ErrorNotice error={fault} onAgain={again} />
        <DropZone />
      </div>
    );
  }
  const num = numFilters(question);
  return (
    <div class="pick">
      <section class="pick-picture" aria-labelledby="pick-title">
        <div class="pick-head">
          <h1 id="pick-title">{words.pickTitle}</h1>
          <ChooseFile text={words.otherPicture} />
        </div>
        <UploadState />
        {info ? <PictureBoxes key={id} snapshot={info} box={question.box} onChange={(box) => change({ box })} /> : <Skeleton kind="panel" count={2} />}
      </section>
      <form class="card pick-form" onSubmit={(event) => { event.preventDefault(); if (draft.peek().box) find(); }}>
        <PlaceAndTime taken={info?.taken ?? null} />
        <details class="fold" open={num > 0}>
          <summary><Icon name="filter" /> {words.filters} <span class="quiet small">{num || words.noFilters}</span></summary>
          <FilterFields value={question} onChange={change} about={question.time} attributes />
        </details>
        <div class="pick-actions">
          {!question.box && info && <p class="small quiet">{words.pickFirst}</p>}
          <button type="submit" class="button first big" disabled={!question.box || isReversed(question)}><Icon name="search" /> {words.find}</button>
          <button type="button" class="button big" disabled={!question.box} onClick={trace}><Icon name="route" /> {words.traceRoute}</button>
        </div>
      </form>
    </div>
  );
}
