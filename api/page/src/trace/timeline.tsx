// A lane per camera: when it saw the vehicle, when it was down, when the vehicle can come next.
import { useMemo } from "preact/hooks";
import type { GapInfo, LegInfo, NextInfo, Time } from "../api/types";
import { say } from "../state/language";
import { cameraLabel } from "../state/site";
import { clock, day } from "../state/times";
import { siteZone, wallOf } from "../state/zone";
import { traceWords } from "../words/trace";
import { highlighted, linked, showLeg } from "./focus";
import { clockSpan } from "./spans";
import { timelineOf, type Lane, type TimelineModel } from "./timeline-model";

const LANE_PX = 26;
const percent = (share: number) => `${(share * 100).toFixed(3)}%`;

function aheadMs(moment: number): number {
  const iso = new Date(Math.floor(moment / 1000) * 1000).toISOString();
  return Date.parse(`${wallOf(iso, siteZone())}Z`) - Date.parse(iso);
}

interface Props { legs: readonly LegInfo[]; next: readonly NextInfo[]; gaps: readonly GapInfo[]; colour: number }

export function Timeline({ legs, next, gaps, colour }: Props) {
  const words = say(traceWords);
  const model = useMemo(() => timelineOf(legs, next, gaps, aheadMs), [legs, next, gaps]);
  const height = model.lanes.length * LANE_PX;
  return (
    <section class={`timeline card route-${colour}`} aria-label={words.timelineLabel}>
      <div class="timeline-grid">
        <Axis model={model} />
        <div class="timeline-names">
          {model.lanes.map((lane) => <div key={lane.id} class="timeline-name" title={cameraLabel(lane.id)}>{cameraLabel(lane.id)}</div>)}
        </div>
        <div class="timeline-lanes">
          {model.ticks.map((tick) => <i key={tick.time} class={tick.day ? "timeline-tick day" : "timeline-tick"} style={{ left: percent(tick.at) }} />)}
          <svg class="timeline-drives" viewBox={`0 0 1000 ${height}`} height={height} preserveAspectRatio="none" aria-hidden="true">
            {model.drives.map((drive) => (
              <line key={drive.leg} class={`timeline-drive${drive.sure ? "" : " unsure"}${highlighted.value === drive.leg ? " highlighted" : ""}`}
                x1={drive.x1 * 1000} x2={drive.x2 * 1000} y1={(drive.y1 + 0.5) * LANE_PX} y2={(drive.y2 + 0.5) * LANE_PX} />
            ))}
          </svg>
          {model.lanes.map((lane) => <LaneRow key={lane.id} lane={lane} />)}
        </div>
      </div>
      {model.numMore > 0 && <p class="quiet small timeline-more">{words.moreLanes(model.numMore)}</p>}
    </section>
  );
}

function Axis({ model }: { model: TimelineModel }) {
  const text = (time: Time, isDay: boolean) => {
    if (isDay || model.stepS >= 86_400) return day(time).replace(/^\d{4}年|,? \d{4}$/, "");
    return model.stepS < 60 ? clock(time) : clock(time).slice(0, 5);
  };
  return (
    <div class="timeline-axis" aria-hidden="true">
      {model.ticks.map((tick) => <span key={tick.time} class="figure" style={{ left: percent(tick.at) }}>{text(tick.time, tick.day)}</span>)}
    </div>
  );
}

function LaneRow({ lane }: { lane: Lane }) {
  const words = say(traceWords);
  return (
    <div class="timeline-lane">
      {lane.gaps.map((gap) => {
        const text = words.gapLane(clock(gap.first), gap.last ? clock(gap.last) : words.untilNow);
        return <span key={gap.first} class="timeline-gap" role="img" aria-label={`${cameraLabel(lane.id)}: ${text}`} title={text}
          style={{ left: percent(gap.from), width: percent(gap.to - gap.from) }} />;
      })}
      {lane.windows.map((one) => {
        const text = words.windowLane(words.nextStates[one.state], clockSpan(one.first, one.last ?? one.first));
        return <span key={one.first} class={`timeline-window is-${one.state}`} role="img" aria-label={`${cameraLabel(lane.id)}: ${text}`} title={text}
          style={{ left: percent(one.from), width: percent(one.to - one.from) }} />;
      })}
      {lane.visits.map((visit) => {
        const leg = visit.legs[0] ?? 0;
        const is = highlighted.value !== null && visit.legs.includes(highlighted.value);
        const times = clockSpan(visit.first, visit.last);
        return (
          <button key={visit.numbers} type="button" class={is ? "timeline-visit highlighted" : "timeline-visit"} title={times}
            aria-label={`${visit.numbers}: ${cameraLabel(lane.id)}, ${times}`} style={{ left: percent(visit.from), width: percent(visit.to - visit.from) }}
            onClick={() => showLeg(leg)} {...linked(leg)}>
            {visit.numbers}
          </button>
        );
      })}
    </div>
  );
}
