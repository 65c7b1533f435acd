// What an answer rests on: how much was searched, and what can hide the vehicle.
import type { SearchAnswer } from "../api/types";
import { Icon } from "../parts/icons";
import { chanceNote } from "../parts/chance";
import { say } from "../state/language";
import { cameraLabel, site } from "../state/site";
import { dayAndClock, duration } from "../state/times";
import { judged } from "../state/verdicts";
import { search } from "../words/search";

const SHOWN = 100;

export function Coverage({ answer }: { answer: SearchAnswer }) {
  const words = say(search);
  const note = chanceNote(answer.hits.map((hit) => hit.probability), site.value?.calibrated ?? false, judged.value);
  const num = new Set(answer.gaps.map((gap) => gap.camera_id)).size;
  return (
    <div class="coverage">
      {answer.gaps.length > 0 && (
        <details class="notice warn coverage-gaps">
          <summary><Icon name="outage" /> {words.gaps(answer.gaps.length, num)}</summary>
          <ul>
            {answer.gaps.slice(0, SHOWN).map((gap) => (
              <li key={`${gap.camera_id} ${gap.from}`} class="figure">
                <strong>{cameraLabel(gap.camera_id)}</strong>{" "}
                {dayAndClock(gap.from)} – {gap.to ? `${dayAndClock(gap.to)} (${duration((Date.parse(gap.to) - Date.parse(gap.from)) / 1000)})` : words.gapLasts}
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="small quiet">
        {answer.without_vector > 0 && <span title={words.withoutHint}>{words.without(answer.without_vector)}. </span>}
        {note === "uncalibrated" && <span>{words.notCalibrated} </span>}
        {note === "moved" && <span>{words.movedChance} </span>}
        {note === "by_look" && answer.hits.length > 0 && <span>{words.byLook} </span>}
      </p>
    </div>
  );
}
