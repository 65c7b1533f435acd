// The head of a trace: the vehicle, its place and time, the window, link and print.
import { useState } from "preact/hooks";
import type { TraceAnswer } from "../api/types";
import { CopyLink } from "../parts/copy-link";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { subjectParams } from "../state/question";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { dayAndClock } from "../state/times";
import { classNames, common } from "../words/common";
import { traceWords } from "../words/trace";
import type { TraceAddress } from "./address";
import { PlaceForm } from "./place-form";
import { SubjectPicture } from "./subject-picture";
import type { Seen } from "./use-trace";
import { WindowSelect } from "./window-select";

interface Props {
  address: TraceAddress;
  seen: Seen;
  answer: TraceAnswer | null;
  onChange: (address: TraceAddress) => void;
  onPrint: (() => void) | null;
}

/** "K04 望江门 · 22 Nov 2026 10:18:05" of a sighting or a snapshot whose place is known. */
export function whereText({ question }: TraceAddress, seen: Seen): string | null {
  if (seen.sighting) return `${cameraLabel(seen.sighting.camera_id)} · ${dayAndClock(seen.sighting.first_seen)}`;
  return question.at && question.time ? `${cameraLabel(question.at)} · ${dayAndClock(question.time)}` : null;
}

export function TraceHead({ address, seen, answer, onChange, onPrint }: Props) {
  const words = say(traceWords);
  const { question, windowS } = address;
  const [editing, setEditing] = useState(false);
  const kind = answer?.query.class ?? seen.sighting?.class ?? null;
  const where = whereText(address, seen);
  const search = subjectParams(question);
  if (question.at && question.time) {
    search.set("at", question.at);
    search.set("time", question.time);
  }
  return (
    <header class="trace-head">
      <SubjectPicture seen={seen} box={question.box} />
      <div class="trace-subject">
        <h1>{words.title}<span class="trace-kind">{kind ? say(classNames)[kind] : question.sighting ? words.bySighting : words.bySnapshot}</span></h1>
        <p class="trace-where">
          <span class={where ? "figure" : "quiet"}><Icon name="pin" size={16} /> {where ?? (question.sighting ? "…" : words.placeUnknown)}</span>
          {question.snapshot && (
            <button type="button" class={where ? "text-button" : "text-button strong"} onClick={() => setEditing(true)}>
              {where ? words.changePlace : words.setPlace}
            </button>
          )}
        </p>
      </div>
      <div class="trace-actions">
        <WindowSelect value={windowS} onChange={(value) => onChange({ ...address, windowS: value, route: 1 })} />
        <a class="button" href={hashOf("search", search)}><Icon name="search" /> <span>{words.openSearch}</span></a>
        <CopyLink />
        <button type="button" class="button" disabled={!onPrint} onClick={() => onPrint?.()}><Icon name="print" /> <span>{say(common).print}</span></button>
      </div>
      {editing && (
        <PlaceForm at={question.at} time={question.time} taken={seen.snapshot?.taken ?? null} onClose={() => setEditing(false)}
          onDone={(at, time) => {
            setEditing(false);
            onChange({ ...address, question: { ...question, at, time }, route: 1 });
          }} />
      )}
    </header>
  );
}
