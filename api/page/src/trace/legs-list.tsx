// The legs of the chosen route: picture, camera, time, the drive there, and why.
import type { LegInfo } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { Icon } from "../parts/icons";
import { VerdictButtons } from "../parts/verdict-buttons";
import { say } from "../state/language";
import { type Question, subjectParams } from "../state/question";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { probabilityFigure } from "../words/common";
import { traceWords } from "../words/trace";
import { highlighted, legId, linked } from "./focus";
import { type Reason, whyOf } from "./leg-why";
import { clockSpan } from "./spans";
import type { Seen } from "./use-trace";
import { SubjectPicture } from "./subject-picture";

interface Props { legs: readonly LegInfo[]; colour: number; question: Question; seen: Seen }

export function LegsList({ legs, colour, question, seen }: Props) {
  const words = say(traceWords);
  return (
    <section class={`legs route-${colour}`} aria-labelledby="legs-title">
      <h2 class="section-title" id="legs-title">{words.legs}</h2>
      <ol>
        {legs.map((leg, at) => <LegItem key={`${leg.sighting_id ?? leg.camera_id}${at}`} leg={leg} before={legs[at - 1] ?? null} at={at} question={question} seen={seen} />)}
      </ol>
    </section>
  );
}

function LegItem({ leg, before, at, question, seen }: { leg: LegInfo; before: LegInfo | null; at: number; question: Question; seen: Seen }) {
  const words = say(traceWords);
  const why = whyOf(leg, before);
  const times = clockSpan(leg.first_seen, leg.last_seen);
  const label = words.legLabel(at + 1, cameraLabel(leg.camera_id), times);
  const isAsked = leg.sighting_id !== null && leg.sighting_id === question.sighting;
  const params = subjectParams(question);
  if (leg.sighting_id) params.set("id", leg.sighting_id);
  return (
    <li class={highlighted.value === at ? "leg highlighted" : "leg"} id={legId(at)} tabIndex={-1} {...linked(at)}>
      {why.drive && (
        <div class="leg-drive">
          <span class="leg-rail" aria-hidden="true"><Icon name="down" size={14} /></span>
          <div>
            <p class="figure"><strong>{why.drive}</strong></p>
            <Reasons reasons={why.driveNotes} />
          </div>
        </div>
      )}
      <div class="leg-body">
        <span class="leg-number" aria-hidden="true">{at + 1}</span>
        {leg.crops[0] || leg.sighting_id ? (
          <a class="leg-crop" href={hashOf("sighting", params)} aria-label={`${words.openSighting}: ${label}`}>
            <CropImage src={leg.crops[0]} alt={label} shape="strip" eager={at < 6} />
          </a>
        ) : (
          <span class="leg-crop"><SubjectPicture seen={seen} box={question.box} /></span>
        )}
        <div class="leg-text">
          <p class="leg-title"><strong>{cameraLabel(leg.camera_id)}</strong></p>
          <p class="figure leg-times">{times}{leg.probability !== null && <span title={words.byLookHint}> · {words.probability} {probabilityFigure(leg.probability)}</span>}</p>
          <Reasons reasons={leg.sighting_id ? why.seen : [{ text: words.noCrop, tone: "plain" }]} />
        </div>
        {leg.sighting_id && !isAsked && <VerdictButtons sighting={{ sighting_id: leg.sighting_id }} subject={question} compact />}
      </div>
    </li>
  );
}

function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  if (reasons.length === 0) return null;
  return <ul class="reasons">{reasons.map((reason) => <li key={reason.text} class={`reason ${reason.tone}`}>{reason.text}</li>)}</ul>;
}
