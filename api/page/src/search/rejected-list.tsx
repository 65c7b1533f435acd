// What was taken out, folded away at the end; each can be taken back.
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/calls";
import type { SightingInfo } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import type { Question } from "../state/question";
import { cameraLabel } from "../state/site";
import { dayAndClock } from "../state/times";
import { give, verdicts } from "../state/verdicts";
import { search } from "../words/search";
import { passed } from "./answer";
import { sightingHash } from "./hit-card";

export function RejectedList({ question }: { question: Question }) {
  const words = say(search);
  const ids = [...verdicts.value].filter(([, verdict]) => verdict === "rejected").map(([id]) => id).reverse();
  const [open, setOpen] = useState(false);
  if (ids.length === 0) return null;
  return (
    <details class="card rejected" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><Icon name="cross" /> {words.rejectedList(ids.length)}</summary>
      {open && <ul>{ids.map((id) => <Rejected key={id} id={id} question={question} />)}</ul>}
    </details>
  );
}

function Rejected({ id, question }: { id: string; question: Question }) {
  const words = say(search);
  const [sighting, setSighting] = useState<SightingInfo | null>(passed.get(id) ?? null);
  useEffect(() => {
    if (sighting) return;
    let wanted = true;
    // Of an earlier sitting; one that is no longer stored stays a bare id.
    api.sighting(id).then((found) => { if (wanted) setSighting(found); }, () => undefined);
    return () => { wanted = false; };
  }, [id]);
  return (
    <li>
      <a href={sightingHash(id, question)}><CropImage src={sighting?.crops[0]} alt={words.open} shape="small" /></a>
      <span class="rejected-text">
        {sighting ? <><strong>{cameraLabel(sighting.camera_id)}</strong> <span class="small quiet figure">{dayAndClock(sighting.first_seen)}</span></> : <span class="small quiet">{id.slice(0, 12)}…</span>}
      </span>
      <button type="button" class="button" onClick={() => void give(id, "unsure", question)}><Icon name="undo" /> {words.takeBack}</button>
    </li>
  );
}
