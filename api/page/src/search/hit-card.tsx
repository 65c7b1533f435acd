// One hit: its picture, where and when, how alike, and what is said of it.
import type { HitInfo } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { Flags } from "../parts/flags";
import { Icon } from "../parts/icons";
import { VerdictButtons } from "../parts/verdict-buttons";
import { say } from "../state/language";
import { type Question, subjectParams } from "../state/question";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { clock, day } from "../state/times";
import { verdicts } from "../state/verdicts";
import { classNames, probabilityFigure, probabilityWord } from "../words/common";
import { search } from "../words/search";

export function sightingHash(id: string, question: Question): string {
  return hashOf("sighting", new URLSearchParams([["id", id], ...subjectParams(question)]));
}
export const traceHash = (id: string): string => hashOf("trace", { sighting: id });

export function Score({ hit }: { hit: Pick<HitInfo, "score" | "probability"> }) {
  const words = say(search);
  const part = Math.max(0, Math.min(1, hit.score));
  return (
    <div class="score">
      <span class="score-line small">
        <span class="quiet">{words.similarity}</span> <strong class="figure">{hit.score.toFixed(3)}</strong>
      </span>
      <span class="score-bar" aria-hidden="true"><span style={{ width: `${part * 100}%` }} /></span>
      {hit.probability !== null && (
        <span class="score-line small">
          <span>{probabilityWord(hit.probability)}</span> <span class="figure">{probabilityFigure(hit.probability)}</span>
        </span>
      )}
    </div>
  );
}

interface Props {
  hit: HitInfo;
  question: Question;
  /** The one card of the list that the tab key reaches. */
  current: boolean;
  onLook: () => void;
  onFocus: () => void;
}

export function HitCard({ hit, question, current, onLook, onFocus }: Props) {
  const words = say(search);
  const kind = say(classNames)[hit.class];
  const label = cameraLabel(hit.camera_id);
  const given = verdicts.value.get(hit.sighting_id);
  const tabIndex = current ? 0 : -1;
  return (
    <article class={`card hit ${given ?? ""}`} tabIndex={tabIndex} data-sighting={hit.sighting_id}
      aria-label={`${words.rank(hit.rank)}, ${label}, ${clock(hit.first_seen)}`}
      onMouseEnter={onLook} onFocusCapture={() => { onFocus(); onLook(); }}>
      <a class="hit-picture" href={sightingHash(hit.sighting_id, question)} tabIndex={tabIndex}>
        <CropImage src={hit.crops[0]} alt={`${words.open}: ${kind}, ${label}, ${clock(hit.first_seen)}`} />
        <span class="hit-rank figure" aria-hidden="true">{hit.rank}</span>
      </a>
      <div class="hit-facts">
        <strong class="sighting-camera" title={label}>{label}</strong>
        <span class="small figure"><span class="quiet">{day(hit.first_seen)}</span> {clock(hit.first_seen)}</span>
        <span class="sighting-badges"><span class="badge">{kind}</span><Flags sighting={hit} /></span>
        <Score hit={hit} />
      </div>
      <div class="hit-foot">
        <VerdictButtons sighting={hit} subject={question} compact keys tabIndex={tabIndex} />
        <a class="hit-trace" href={traceHash(hit.sighting_id)} tabIndex={tabIndex}><Icon name="route" size={16} /> {words.traceFrom}</a>
      </div>
    </article>
  );
}
