// The routes in rank order; one is chosen.
import { useId, useState } from "preact/hooks";
import type { RouteInfo } from "../api/types";
import { colourOf } from "../map/route-colour";
import { say } from "../state/language";
import { distance } from "../state/times";
import { probabilityFigure } from "../words/common";
import { traceWords } from "../words/trace";
import { differsAt, factsOf, lacks } from "./route-facts";
import { clockSpan } from "./spans";

const SHOWN = 3;
const CAMERAS_SHOWN = 5;

const few = (ids: readonly string[]) => (ids.length > 3 ? `${ids.slice(0, 3).join(", ")} …` : ids.join(", "));

function differenceOf(route: RouteInfo, best: RouteInfo): string {
  const words = say(traceWords);
  const other = differsAt(route, best);
  if (other.length > 0) return words.differs(few(other));
  const without = lacks(route, best);
  return without.length > 0 ? words.lacks(few(without)) : "";
}

export function RoutesList({ routes, chosen, onChoose }: { routes: readonly RouteInfo[]; chosen: number; onChoose: (at: number) => void }) {
  const words = say(traceWords);
  const name = useId();
  const [all, setAll] = useState(chosen >= SHOWN);
  const shown = all ? routes : routes.slice(0, SHOWN);
  const best = Math.max(routes[0]?.score ?? 0, 0.01);
  return (
    <fieldset class="routes">
      <legend class="section-title">{words.routes}</legend>
      {shown.map((route, at) => {
        const facts = factsOf(route);
        if (!facts) return null;
        const path = facts.cameras.length > CAMERAS_SHOWN
          ? [...facts.cameras.slice(0, 2), "…", ...facts.cameras.slice(-2)] : facts.cameras;
        return (
          <label key={route.rank} class={`route-row route-${colourOf(route.rank)}${at === chosen ? " chosen" : ""}`}>
            <input type="radio" class="unseen" name={name} checked={at === chosen} onChange={() => onChoose(at)} aria-label={`${words.route(route.rank)}: ${facts.cameras.join(" → ")}`} />
            <span class="route-chip">{route.rank}</span>
            <span class="route-path">
              <strong>{path.join(" → ")}</strong>
              {at > 0 && routes[0] && <span class="route-differs small">{differenceOf(route, routes[0])}</span>}
              <span class="quiet small figure">
                {clockSpan(facts.from, facts.to)} · {words.numCameras(facts.numCameras)}
                {facts.distance_m > 0 && ` · ${facts.open ? "≥ " : ""}${distance(facts.distance_m)}`}
              </span>
            </span>
            <span class="route-evidence" title={words.evidenceHint}>
              <span class="small quiet">{route.probability === null ? words.evidence : words.probability}</span>
              <strong class="figure">{route.probability === null ? route.score.toFixed(2) : probabilityFigure(route.probability)}</strong>
              <span class="route-bar" aria-hidden="true"><i style={{ width: `${Math.max(Math.min(route.probability ?? route.score / best, 1), 0) * 100}%` }} /></span>
            </span>
          </label>
        );
      })}
      {routes.length > SHOWN && (
        <button type="button" class="text-button" onClick={() => setAll(!all)}>{all ? words.fewerRoutes : words.moreRoutes(routes.length - SHOWN)}</button>
      )}
    </fieldset>
  );
}
