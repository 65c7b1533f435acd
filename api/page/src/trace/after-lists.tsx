// Below the legs: where next, outages, what the answer rests on.
import type { GapInfo, TraceAnswer } from "../api/types";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { cameraLabel } from "../state/site";
import { clock, day, dayAndClock, duration } from "../state/times";
import { traceWords } from "../words/trace";
import { CAREFUL, noteText } from "./note-words";
import { clockSpan, seconds } from "./spans";

export function NextList({ answer, chosen }: { answer: TraceAnswer; chosen: number }) {
  const words = say(traceWords);
  return (
    <section class="after" aria-labelledby="next-title">
      <h2 class="section-title" id="next-title">{words.next}</h2>
      <p class="quiet small">{words.nextHint}. {chosen > 0 && words.nextOfBest}</p>
      {answer.next.length === 0 ? <p class="quiet small">{words.noNext}</p> : (
        <ul class="next-list">
          {answer.next.map((one) => (
            <li key={one.camera_id}>
              <strong>{cameraLabel(one.camera_id)}</strong>
              <span class="figure">{clockSpan(one.earliest, one.latest)}</span>
              <span class={`badge ${TONES[one.state]}`}>{words.nextStates[one.state]}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const TONES = { ahead: "accent", now: "good", not_seen: "", gap: "warn" } as const;

/** "10:18:05–10:20:00 (2 min)". */
export function gapText(gap: GapInfo): string {
  if (gap.to === null) return `${dayAndClock(gap.from)} – ${say(traceWords).untilNow}`;
  const span = day(gap.from) === day(gap.to) ? `${clock(gap.from)}–${clock(gap.to)}` : `${dayAndClock(gap.from)} – ${dayAndClock(gap.to)}`;
  return `${span} (${duration(seconds(gap.from, gap.to))})`;
}

export function GapsList({ gaps }: { gaps: readonly GapInfo[] }) {
  const words = say(traceWords);
  return (
    <section class="after" aria-labelledby="gaps-title">
      <h2 class="section-title" id="gaps-title">{words.gaps}</h2>
      {gaps.length === 0 ? <p class="quiet small">{words.noGaps}</p> : (
        <ul class="gap-list">
          {gaps.map((gap) => (
            <li key={`${gap.camera_id}${gap.from}`}>
              <span class="gap-mark" aria-hidden="true" />
              <strong>{cameraLabel(gap.camera_id)}</strong>
              <span class="figure">{gapText(gap)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function NotesList({ answer }: { answer: TraceAnswer }) {
  const words = say(traceWords);
  return (
    <section class="after" aria-labelledby="notes-title">
      <h2 class="section-title" id="notes-title">{words.notes}</h2>
      <ul class="note-list">
        {answer.notes.map((note) => (
          <li key={note.code} class={CAREFUL.has(note.code) ? "careful" : ""}>
            <Icon name={CAREFUL.has(note.code) ? "warn" : "check"} size={16} /> <span>{noteText(note)}</span>
          </li>
        ))}
      </ul>
      <p class="quiet small">{words.audit} <code class="figure">{answer.audit_id}</code></p>
    </section>
  );
}
