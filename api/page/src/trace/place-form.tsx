// Where and when a snapshot was taken; wall time of the site.
import { lazy, Suspense } from "preact/compat";
import { useState } from "preact/hooks";
import { CameraCombo } from "../parts/camera-combo";
import { Icon } from "../parts/icons";
import { Modal } from "../parts/modal";
import { Skeleton } from "../parts/notices";
import { say } from "../state/language";
import { isoOf, siteZone, wallOf, zoneText } from "../state/zone";
import { common } from "../words/common";
import { traceWords } from "../words/trace";

const CameraPicker = lazy(() => import("../map/camera-picker"));

interface Props {
  at: string | null;
  time: string | null;
  /** By the picture's own notes. */
  taken: string | null;
  onDone: (at: string | null, time: string | null) => void;
  onClose: () => void;
}

export function PlaceForm({ at, time, taken, onDone, onClose }: Props) {
  const words = say(traceWords);
  const zone = siteZone();
  const [camera, setCamera] = useState(at);
  const [wall, setWall] = useState(wallOf(time ?? taken ?? "", zone));
  const [map, setMap] = useState(false);
  const moment = isoOf(wall, zone);
  return (
    <Modal title={words.placeAndTime} wide={map} onClose={onClose}>
      <form class="place-form" onSubmit={(event) => { event.preventDefault(); if (camera && moment) onDone(camera, moment); }}>
        <p class="quiet small">{words.placeWhy}</p>
        {map ? (
          <Suspense fallback={<Skeleton kind="panel" count={1} />}><CameraPicker value={camera} onChange={setCamera} /></Suspense>
        ) : (
          <div class="place-row">
            <CameraCombo label={words.camera} value={camera} onChange={setCamera} />
            <button type="button" class="button" onClick={() => setMap(true)}><Icon name="map" /> {words.onMap}</button>
          </div>
        )}
        <label class="field">
          <span>{words.time(zoneText(moment, zone))}{!time && taken ? ` · ${words.fromSnapshot}` : ""}</span>
          <input type="datetime-local" step="1" value={wall} onInput={(event) => setWall(event.currentTarget.value)} />
        </label>
        <div class="place-actions">
          {at && time && <button type="button" class="button" onClick={() => onDone(null, null)}>{words.forget}</button>}
          <button type="button" class="button" onClick={onClose}>{say(common).cancel}</button>
          <button type="submit" class="button first" disabled={!camera || !moment}>{words.apply}</button>
        </div>
      </form>
    </Modal>
  );
}
