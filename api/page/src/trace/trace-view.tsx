// #/trace: from a vehicle to its route on the map.
import { useEffect, useMemo } from "preact/hooks";
import type { TraceAnswer } from "../api/types";
import { colourOf } from "../map/route-colour";
import { modelOf } from "../map/model";
import { SiteMap } from "../map/site-map";
import { Icon } from "../parts/icons";
import { EmptyState, ErrorNotice, Skeleton } from "../parts/notices";
import { say } from "../state/language";
import { subjectKey, subjectParams } from "../state/question";
import { amend, go, hashOf, place } from "../state/route";
import { cameras, roads } from "../state/site";
import { askSitting } from "../state/sitting";
import { give, verdicts } from "../state/verdicts";
import { classNames } from "../words/common";
import { mapWords } from "../words/map";
import { traceWords } from "../words/trace";
import { addressOf, addressParams, type TraceAddress, widerThan } from "./address";
import { GapsList, NextList, NotesList } from "./after-lists";
import { FilmStrip } from "./film-strip";
import { highlight, highlighted, showLeg } from "./focus";
import { LegsList } from "./legs-list";
import { printSheet, Sheet } from "./sheet";
import { recent, remember } from "./recent";
import { RoutesList } from "./routes-list";
import { Timeline } from "./timeline";
import { TraceEmpty } from "./trace-empty";
import { TraceHead, whereText } from "./trace-head";
import "./trace.css";
import { type Seen, type TraceState, useSeen, useTrace } from "./use-trace";
import { windowText } from "./window-select";

export default function TraceView() {
  const { params } = place.value;
  const address = addressOf(params);
  const { sighting, snapshot } = address.question;
  if (!sighting && !snapshot) return <TraceEmpty lost={[...params].length > 0} />;
  return <Traced key={sighting ?? snapshot} address={address} />;
}

function Traced({ address }: { address: TraceAddress }) {
  const seen = useSeen(address);
  const { question } = address;
  // A snapshot without a box means its largest vehicle: say so in the address, verdicts hang on it.
  const largest = seen.snapshot?.vehicles[0]?.box ?? null;
  const noBox = question.snapshot !== null && question.box === null;
  const trace = useTrace(address, noBox && (!seen.done || largest !== null));
  const change = (to: TraceAddress) => go("trace", addressParams(to));
  const { answer } = trace;
  useEffect(() => {
    if (noBox && largest) amend("trace", addressParams({ ...address, question: { ...question, box: largest } }));
  }, [noBox, largest]);
  useEffect(() => {
    if (!answer) return;
    const kind = answer.query.class;
    const title = whereText(address, seen) ?? (kind ? say(classNames)[kind] : say(traceWords).bySnapshot);
    const picture = seen.sighting?.crops[0] ?? answer.routes[0]?.legs.find((leg) => leg.facts.given)?.crops[0] ?? seen.snapshot?.picture ?? null;
    const at = recent.peek().find((one) => one.params === addressParams(address).toString())?.at ?? new Date().toISOString();
    remember({ params: addressParams(address).toString(), title, picture, at }, (text) => subjectKey(addressOf(new URLSearchParams(text)).question));
  }, [answer, seen]);

  return (
    <>
      <div class="trace">
        <TraceHead address={address} seen={seen} answer={answer} onChange={change} onPrint={answer && answer.routes.length > 0 ? printSheet : null} />
        {trace.state === "failed" && <ErrorNotice error={trace.error} onAgain={trace.again} />}
        {trace.state === "needs_case" && <NeedsCase onAgain={trace.again} />}
        {answer
          ? <Answered address={address} seen={seen} answer={answer} trace={trace} onChange={change} />
          : <Waiting asking={trace.state === "asking"} />}
      </div>
      {answer && <Sheet address={address} seen={seen} answer={answer} />}
    </>
  );
}

function NeedsCase({ onAgain }: { onAgain: () => void }) {
  const words = say(traceWords);
  return (
    <EmptyState icon="case" title={words.needCase} hint={words.needCaseHint}>
      <button type="button" class="button first" onClick={() => void askSitting().then((given) => given && onAgain())}>{words.giveCase}</button>
    </EmptyState>
  );
}

/** The site while there is no answer: what is coming has its place already. */
function Waiting({ asking }: { asking: boolean }) {
  const model = useMemo(() => modelOf(cameras.value, roads.value), [cameras.value, roads.value]);
  return (
    <div class={asking ? "trace-body" : "trace-body without"} aria-busy={asking}>
      <div class="trace-left">
        <div class="trace-map card">
          <SiteMap model={model} frameKey="site" />
          {asking && <p class="trace-busy" role="status">{say(traceWords).asking}</p>}
        </div>
      </div>
      {asking && <div class="trace-right"><Skeleton kind="lines" count={3} /><Skeleton kind="panel" count={1} /></div>}
    </div>
  );
}

interface AnsweredProps { address: TraceAddress; seen: Seen; answer: TraceAnswer; trace: TraceState; onChange: (to: TraceAddress) => void }

function Answered({ address, seen, answer, trace, onChange }: AnsweredProps) {
  const words = say(traceWords);
  const chosen = Math.min(address.route, Math.max(answer.routes.length, 1)) - 1;
  const route = answer.routes[chosen];
  const model = useMemo(() => modelOf(cameras.value, roads.value, answer, chosen), [cameras.value, roads.value, answer, chosen]);
  useEffect(() => () => highlight(null), [answer, chosen]);
  const colour = colourOf(route?.rank ?? 1);
  const legs = route?.legs ?? [];
  const next = chosen === 0 ? answer.next : NONE;
  return (
    <div class="trace-body" aria-busy={trace.state === "asking"}>
      <div class="trace-left">
        <div class="trace-map card">
          <SiteMap model={model} frameKey={`${answer.audit_id} ${chosen}`} highlighted={highlighted.value} onHighlight={highlight} onLeg={showLeg} />
          {model.unplaced.length > 0 && <p class="trace-unplaced">{say(mapWords).unplaced(model.unplaced.join(", "))}</p>}
          {trace.state === "asking" && <p class="trace-busy" role="status">{words.againAsking}</p>}
        </div>
        {legs.length > 0 && <FilmStrip legs={legs} colour={colour} question={address.question} seen={seen} />}
        {legs.length > 0 && <Timeline legs={legs} next={next} gaps={answer.gaps} colour={colour} />}
      </div>
      <div class="trace-right">
        <p class="unseen" role="status">{route ? `${words.route(route.rank)}: ${words.numCameras(new Set(legs.map((leg) => leg.camera_id)).size)}` : words.none}</p>
        {legs.length < 2 && <Alone address={address} none={!route} onChange={onChange} />}
        {route && (
          <>
            <RoutesList routes={answer.routes} chosen={chosen} onChoose={(at) => amend("trace", addressParams({ ...address, route: at + 1 }))} />
            <LeftOut address={address} />
            <LegsList legs={legs} colour={colour} question={address.question} seen={seen} />
            <NextList answer={answer} chosen={chosen} />
          </>
        )}
        {!route && <LeftOut address={address} />}
        <GapsList gaps={answer.gaps} />
        <NotesList answer={answer} />
      </div>
    </div>
  );
}

const NONE: TraceAnswer["next"] = [];

function Alone({ address, none, onChange }: { address: TraceAddress; none: boolean; onChange: (to: TraceAddress) => void }) {
  const words = say(traceWords);
  const wider = widerThan(address.windowS);
  return (
    <EmptyState icon="route" title={none ? words.none : words.alone} hint={none ? words.noneHint : words.aloneHint}>
      {wider !== null && (
        <button type="button" class="button first" onClick={() => onChange({ ...address, windowS: wider })}>
          <Icon name="clock" /> {words.widen(windowText(wider))}
        </button>
      )}
      <a class="button" href={hashOf("search", subjectParams(address.question))}><Icon name="search" /> {words.openSearch}</a>
    </EmptyState>
  );
}

/** A rejected sighting leaves the route at once; this is the way back. */
function LeftOut({ address }: { address: TraceAddress }) {
  const words = say(traceWords);
  const rejected = [...verdicts.value].filter(([, verdict]) => verdict === "rejected").map(([id]) => id);
  const last = rejected.at(-1);
  if (last === undefined) return null;
  return (
    <p class="left-out small">
      <span>{words.leftOut(rejected.length)}</span>
      <button type="button" class="text-button" onClick={() => void give(last, "unsure", address.question)}><Icon name="undo" size={15} /> {words.undoLast}</button>
    </p>
  );
}
