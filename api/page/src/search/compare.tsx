// The vehicle asked about, pinned beside the results, and the hit one looks at in the same size.
import type { HitInfo, SearchAnswer } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { paramsOf, type Question, traceParams } from "../state/question";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { clock, dayAndClock } from "../state/times";
import { classNames } from "../words/common";
import { search } from "../words/search";
import { Score } from "./hit-card";
import { QueryCrop } from "./query-crop";

interface Props { question: Question; answer: SearchAnswer | null; hit: HitInfo | null }

export function Compare({ question, answer, hit }: Props) {
  const words = say(search);
  const kinds = say(classNames);
  const back = question.snapshot ? hashOf("search", paramsOf({ ...question, box: null })) : hashOf("search");
  return (
    <aside class="compare" aria-label={words.compare}>
      <section class="card compare-card compare-query">
        <QueryCrop about={question} />
        <div class="compare-text">
          <h2 class="small quiet">{words.query}</h2>
          <p class="compare-kind">
            {answer?.query.class && <span class="badge accent">{kinds[answer.query.class]}</span>}
            {question.at && <span class="small">{cameraLabel(question.at)}</span>}
            {question.time && <span class="small figure">{dayAndClock(question.time)}</span>}
          </p>
          <div class="compare-actions">
            <a class="button first" href={hashOf("trace", traceParams(question))}><Icon name="route" /> {words.traceRoute}</a>
            <a class="button" href={back}><Icon name={question.snapshot ? "box" : "search"} /> {question.snapshot ? words.changeVehicle : words.newSearch}</a>
          </div>
        </div>
      </section>
      {answer && answer.hits.length > 0 && (
        <section class="card compare-card compare-hit" aria-live="off">
          {hit ? <CropImage src={hit.crops[0]} alt={words.hit} eager /> : <span class="crop crop-card"><span class="crop-none">{words.compareHint}</span></span>}
          <div class="compare-text">
            <h2 class="small quiet">{words.hit}{hit && ` · ${words.rank(hit.rank)}`}</h2>
            {hit && (
              <>
                <p class="compare-kind"><strong>{cameraLabel(hit.camera_id)}</strong> <span class="figure">{clock(hit.first_seen)}</span> <span class="badge">{kinds[hit.class]}</span></p>
                <Score hit={hit} />
              </>
            )}
          </div>
        </section>
      )}
    </aside>
  );
}
