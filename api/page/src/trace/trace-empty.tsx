// The trace view without a vehicle: what it does, and the vehicles of before.
import { EmptyState } from "../parts/notices";
import { CropImage } from "../parts/crop-image";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { hashOf } from "../state/route";
import { clock } from "../state/times";
import { traceWords } from "../words/trace";
import { recent } from "./recent";

export function TraceEmpty({ lost }: { lost: boolean }) {
  const words = say(traceWords);
  return (
    <div class="trace-empty">
      <h1 class="unseen">{words.title}</h1>
      <EmptyState icon="route" title={lost ? words.lost : words.emptyTitle} hint={lost ? words.lostHint : words.emptyHint}>
        <a class="button first" href={hashOf("search")}><Icon name="search" /> {words.toSearch}</a>
      </EmptyState>
      <ol class="trace-steps">{words.emptySteps.map((step) => <li key={step}>{step}</li>)}</ol>
      {recent.value.length > 0 && (
        <section aria-labelledby="recent-title">
          <h2 class="section-title" id="recent-title">{words.recent}</h2>
          <ul class="recent">
            {recent.value.map((one) => (
              <li key={one.params}>
                <a class="card" href={`#/trace?${one.params}`}>
                  <CropImage src={one.picture} alt="" shape="strip" />
                  <span><strong>{one.title}</strong><br /><span class="quiet small figure">{clock(one.at)}</span></span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
