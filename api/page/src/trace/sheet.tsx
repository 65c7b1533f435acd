// The trace on paper: A4 portrait, readable in black and white. Always there, shown by print only,
// so that the browser's own print command gives the same.
import { useMemo } from "preact/hooks";
import type { TraceAnswer } from "../api/types";
import { BaseSvg } from "../map/base-svg";
import { baseMap } from "../map/base-map";
import { Legend } from "../map/legend";
import { modelOf } from "../map/model";
import { Overlay } from "../map/overlay";
import { Scale } from "../map/site-map";
import { fitted, type Size } from "../map/view";
import { chanceNote } from "../parts/chance";
import { say } from "../state/language";
import { cameraLabel, cameras, roads, site } from "../state/site";
import { sitting } from "../state/sitting";
import { dayAndClock } from "../state/times";
import { judged } from "../state/verdicts";
import { classNames, probabilityFigure, purposes } from "../words/common";
import { traceWords } from "../words/trace";
import type { TraceAddress } from "./address";
import { gapText } from "./after-lists";
import { whyOf } from "./leg-why";
import { noteText } from "./note-words";
import { clockSpan } from "./spans";
import "./sheet.css";
import { SubjectPicture } from "./subject-picture";
import { whereText } from "./trace-head";
import type { Seen } from "./use-trace";
import { windowText } from "./window-select";

const MAP: Size = { width: 700, height: 380 };
const MAP_PADDING_PX = 84;

/** Print once all pictures of the sheet are there. */
export async function printSheet(): Promise<void> {
  const pictures = [...document.querySelectorAll<HTMLImageElement>(".sheet img")];
  await Promise.allSettled(pictures.map((picture) => picture.decode()));
  window.print();
}

export function Sheet({ address, seen, answer }: { address: TraceAddress; seen: Seen; answer: TraceAnswer }) {
  const words = say(traceWords);
  const text = words.sheet;
  const chosen = Math.min(address.route, Math.max(answer.routes.length, 1)) - 1;
  const route = answer.routes[chosen];
  const given = sitting.value;
  const purpose = given?.purpose || site.value?.default_purpose;
  const kind = answer.query.class;
  const now = new Date().toISOString();
  return (
    <article class="sheet" aria-hidden="true">
      <header class="sheet-head">
        <div>
          <h1>{text.title}{route && ` · ${words.route(route.rank)}`}</h1>
          <p>{site.value?.name}</p>
        </div>
        <p class="sheet-brand">雁迹 yanji</p>
      </header>
      <div class="sheet-facts">
        <SubjectPicture seen={seen} box={address.question.box} width={120} />
        <dl>
          <Fact name={text.case} value={given?.case} />
          <Fact name={text.reason} value={given?.reason} />
          <Fact name={text.purpose} value={purpose && (say(purposes)[purpose] ?? purpose)} />
          <Fact name={text.asked} value={[kind && say(classNames)[kind], whereText(address, seen)].filter(Boolean).join(" · ")} />
          <Fact name={text.window} value={words.windowOf(windowText(address.windowS))} />
          <Fact name={text.audit} value={answer.audit_id} />
          <Fact name={text.printed} value={dayAndClock(now)} />
          {route && <Fact name={words.evidence} value={route.score.toFixed(2)} />}
        </dl>
      </div>
      <SheetMap answer={answer} chosen={chosen} />
      {route && (
        <table class="sheet-legs">
          <thead><tr><th>{text.number}</th><th>{text.picture}</th><th>{text.camera}</th><th>{text.times}</th><th>{text.why}</th></tr></thead>
          <tbody>
            {route.legs.map((leg, at) => {
              const why = whyOf(leg, route.legs[at - 1] ?? null);
              const reasons = [why.drive, ...why.driveNotes.map((one) => one.text), ...why.seen.map((one) => one.text), leg.probability !== null && `${words.probability} ${probabilityFigure(leg.probability)}`].filter(Boolean);
              return (
                <tr key={at}>
                  <td class="sheet-number">{at + 1}</td>
                  <td>{leg.sighting_id ? leg.crops[0] && <img src={leg.crops[0]} alt="" /> : <SubjectPicture seen={seen} box={address.question.box} width={84} />}</td>
                  <td>{cameraLabel(leg.camera_id)}</td>
                  <td class="sheet-times">{dayAndClock(leg.first_seen).replace(/ [^ ]*$/, "")}<br />{clockSpan(leg.first_seen, leg.last_seen)}</td>
                  <td>{reasons.join(text.between)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      <div class="sheet-columns">
        <section>
          <h2>{words.next}</h2>
          {chosen > 0 && <p>{words.nextOfBest}</p>}
          {answer.next.length === 0 ? <p>{text.none}</p> : (
            <ul>{answer.next.map((one) => <li key={one.camera_id}>{cameraLabel(one.camera_id)}{text.colon}{clockSpan(one.earliest, one.latest)}{text.comma}{words.nextStates[one.state]}</li>)}</ul>
          )}
        </section>
        <section>
          <h2>{words.gaps}</h2>
          {answer.gaps.length === 0 ? <p>{words.noGaps}</p> : <ul>{answer.gaps.map((gap) => <li key={`${gap.camera_id}${gap.from}`}>{cameraLabel(gap.camera_id)}{text.colon}{gapText(gap)}</li>)}</ul>}
        </section>
      </div>
      <section class="sheet-notes">
        <h2>{words.notes}</h2>
        <ul>
          {answer.notes.map((note) => <li key={note.code}>{noteText(note)}</li>)}
          {route && <li>{text.chances[chanceNote(route.legs.map((leg) => leg.probability), site.value?.calibrated ?? false, judged.value)]}</li>}
          {answer.routes.length > 1 && <li>{text.further(answer.routes.length - 1)}</li>}
        </ul>
      </section>
      <footer class="sheet-foot">
        <p class="sheet-line">{text.remarks}</p>
        <p class="sheet-line short">{text.signature}</p>
        <p class="sheet-small">{text.foot}</p>
      </footer>
    </article>
  );
}

function Fact({ name, value }: { name: string; value: string | null | undefined }) {
  return value ? <div><dt>{name}</dt><dd>{value}</dd></div> : null;
}

function SheetMap({ answer, chosen }: { answer: TraceAnswer; chosen: number }) {
  const model = useMemo(() => ({ ...modelOf(cameras.value, roads.value, answer, chosen), others: [] }), [cameras.value, roads.value, answer, chosen]);
  const view = useMemo(() => fitted(model.frame, MAP, MAP_PADDING_PX), [model]);
  if (!view) return null;
  return (
    <div class="sheet-map">
      <svg class="map-svg" width={MAP.width} height={MAP.height}><BaseSvg view={view} size={MAP} model={model} shapes={baseMap.value?.shapes ?? []} /></svg>
      <Overlay model={model} view={view} settled={view} size={MAP} hovered={null} selected={null} highlighted={null} onHighlight={null} onLeg={null} />
      <Scale view={view} />
      <div class="map-corner"><Legend model={model} open /></div>
    </div>
  );
}
