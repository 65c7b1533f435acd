// The vehicle that is asked about, cut out of its snapshot, or the best crop of its sighting.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/calls";
import type { SightingDetail } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { Skeleton } from "../parts/notices";
import { say } from "../state/language";
import type { AskedAbout } from "../state/question";
import { search } from "../words/search";
import { around } from "./box-moves";
import { useSnapshot } from "./pick";

/** Around the box, so that its edge can be judged. */
const MARGIN = 0.08;

export function useSighting(id: string | null): { sighting: SightingDetail | null; fault: unknown; again: () => void } {
  const [state, setState] = useState<{ id: string; sighting: SightingDetail | null; fault: unknown } | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    if (id === null) return;
    let wanted = true;
    setState({ id, sighting: null, fault: null });
    api.sighting(id).then(
      (sighting) => { if (wanted) setState({ id, sighting, fault: null }); },
      (fault: unknown) => { if (wanted) setState({ id, sighting: null, fault }); },
    );
    return () => { wanted = false; };
  }, [id, tries]);
  const now = state?.id === id ? state : null;
  return { sighting: now?.sighting ?? null, fault: now?.fault ?? null, again: () => setTries(tries + 1) };
}

export function QueryCrop({ about }: { about: AskedAbout }) {
  const words = say(search);
  const { info, fault } = useSnapshot(about.snapshot);
  const { sighting, fault: sightingFault } = useSighting(about.sighting);
  if (about.sighting) {
    if (!sighting && sightingFault === null) return <span class="crop crop-card"><Skeleton kind="lines" count={1} /></span>;
    return <CropImage src={sighting?.crops[0]} alt={words.query} eager />;
  }
  if (fault !== null) return <CropImage src={null} alt={words.query} />;
  if (!info || !about.box) return <span class="crop crop-card"><Skeleton kind="lines" count={1} /></span>;
  const [x1, y1, x2, y2] = around(about.box, MARGIN, info);
  return (
    <span class="crop crop-card query-crop">
      <svg viewBox={`${x1} ${y1} ${x2 - x1} ${y2 - y1}`} role="img" aria-label={words.query}>
        <image href={info.picture} width={info.width} height={info.height} preserveAspectRatio="none" />
        <rect class="query-box" x={about.box[0]} y={about.box[1]} width={about.box[2] - about.box[0]} height={about.box[3] - about.box[1]} vector-effect="non-scaling-stroke" />
      </svg>
    </span>
  );
}
