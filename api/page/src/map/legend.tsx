// What the lines and rings mean; only those that are there.
import { say } from "../state/language";
import { mapWords } from "../words/map";
import type { MapModel, PartKind } from "./model";
import { colourOf } from "./route-colour";

export function Legend({ model, open }: { model: MapModel; open: boolean }) {
  const words = say(mapWords);
  if (!model.chosen) return null;
  const kinds = new Set(model.chosen.stretches.flatMap((stretch) => stretch.parts.map((part) => part.kind)));
  const lines: [PartKind, string][] = [
    ["driven", words.legendDriven], ["unseen", words.legendUnseen], ["down", words.legendDown], ["line", words.legendLine],
  ];
  const list = (
    <ul class={`route-${colourOf(model.chosen.rank)}`}>
      {lines.filter(([kind]) => kinds.has(kind)).map(([kind, text]) => (
        <li key={kind}><svg width="40" height="14" aria-hidden="true"><line class={`map-line is-${kind}`} x1="4" x2="36" y1="7" y2="7" /></svg>{text}</li>
      ))}
      {model.next.length > 0 && <li><svg width="40" height="14" aria-hidden="true"><circle class="map-next" cx="20" cy="7" r="5.5" /></svg>{words.legendNext}</li>}
      {model.others.length > 0 && (
        <li><svg width="40" height="14" aria-hidden="true" class={`map-route thin route-${colourOf(model.others[0]?.rank ?? 2)}`}><line class="map-line" x1="4" x2="36" y1="7" y2="7" /></svg>{words.legendOther}</li>
      )}
    </ul>
  );
  if (open) return <div class="map-legend">{list}</div>;
  return <details class="map-legend"><summary>{words.legend}</summary>{list}</details>;
}
