// The pictures of the route in the order of time, the vehicle asked about first.
import type { LegInfo } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { say } from "../state/language";
import type { Question } from "../state/question";
import { cameraLabel } from "../state/site";
import { clock } from "../state/times";
import { traceWords } from "../words/trace";
import { highlighted, linked, showLeg } from "./focus";
import { SubjectPicture } from "./subject-picture";
import type { Seen } from "./use-trace";

export function FilmStrip({ legs, colour, question, seen }: { legs: readonly LegInfo[]; colour: number; question: Question; seen: Seen }) {
  const words = say(traceWords);
  return (
    <section class={`strip card route-${colour}`} aria-label={words.strip}>
      <ol>
        {!question.sighting && (
          <li class="strip-item asked">
            <span class="strip-title quiet">{words.askedFor}</span>
            <SubjectPicture seen={seen} box={question.box} />
          </li>
        )}
        {legs.map((leg, at) => (
          <li key={at} class={highlighted.value === at ? "strip-item highlighted" : "strip-item"}>
            <button type="button" onClick={() => showLeg(at)} {...linked(at)}
              aria-label={words.legLabel(at + 1, cameraLabel(leg.camera_id), clock(leg.first_seen))}>
              <span class="strip-title figure"><span class="route-chip small">{at + 1}</span> {leg.camera_id} <span class="quiet">{clock(leg.first_seen)}</span></span>
              {leg.sighting_id
                ? <CropImage src={leg.crops[0]} alt="" shape="strip" eager={at < 8} />
                : <SubjectPicture seen={seen} box={question.box} />}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
