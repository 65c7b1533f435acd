// Where cameras look, as a wedge at each; only while they are few in view.
import type { MapModel } from "./model";
import { colourOf } from "./route-colour";
import { inView, type MapView, project, type Size } from "./view";

const RADIUS_PX = 36;
const HALF_DEG = 26;
const MOST = 150;

export function Wedges({ model, view, size }: { model: MapModel; view: MapView; size: Size }) {
  const stops = new Set(model.stops.map((stop) => stop.id));
  const near = inView(view, size, RADIUS_PX);
  const seen = model.cameras.filter((camera) => camera.heading !== null && near(camera.at));
  const shown = seen.length <= MOST ? seen : seen.filter((one) => stops.has(one.id));
  return (
    <g aria-hidden="true">
      {shown.map(({ id, heading, at }) => {
        const [x, y] = project(view, size, at);
        return <path key={id} class={stops.has(id) ? `map-wedge route-${colourOf(model.chosen?.rank ?? 1)}` : "map-wedge"}
          transform={`translate(${x} ${y}) rotate(${heading})`} d={SECTOR} />;
      })}
    </g>
  );
}

/** Looking north; turned clockwise by the heading. */
const SECTOR = (() => {
  const x = RADIUS_PX * Math.sin((HALF_DEG * Math.PI) / 180);
  const y = RADIUS_PX * Math.cos((HALF_DEG * Math.PI) / 180);
  return `M0 0L${(-x).toFixed(2)} ${(-y).toFixed(2)}A${RADIUS_PX} ${RADIUS_PX} 0 0 1 ${x.toFixed(2)} ${(-y).toFixed(2)}Z`;
})();
