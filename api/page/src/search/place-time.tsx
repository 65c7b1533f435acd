// Where and when the snapshot was taken: a camera by name or on the map, and a time.
import type { ComponentType } from "preact";
import { useState } from "preact/hooks";
import { CameraCombo } from "../parts/camera-combo";
import { Icon } from "../parts/icons";
import { Skeleton } from "../parts/notices";
import { say } from "../state/language";
import { siteZone, zoneText } from "../state/zone";
import { search } from "../words/search";
import { change, draft } from "./draft";
import { TimeInput } from "./filters";

type Picker = ComponentType<{ value: string | null; onChange: (id: string | null) => void }>;

export function PlaceAndTime({ taken }: { taken: string | null }) {
  const words = say(search);
  const { at, time } = draft.value;
  const [mapOpen, setMapOpen] = useState(false);
  const [Map, setMap] = useState<{ Picker: Picker } | null>(null);
  const toggle = () => {
    setMapOpen(!mapOpen);
    if (!Map) {
      import("../map/camera-picker").then(({ default: Picker }) => setMap({ Picker }), () => setMapOpen(false));
    }
  };
  return (
    <fieldset class="place">
      <legend><h2>{words.whereWhen}</h2></legend>
      <p class="small quiet">{words.whereWhenHint}</p>
      {!(mapOpen && Map) && <CameraCombo label={words.camera} value={at} onChange={(id) => change({ at: id })} />}
      <button type="button" class="button quiet-button place-map-button" aria-expanded={mapOpen} onClick={toggle}>
        <Icon name="map" /> {mapOpen ? words.hideMap : words.onMap}
      </button>
      {mapOpen && <div class="place-map">{Map ? <Map.Picker value={at} onChange={(id) => change({ at: id })} /> : <Skeleton kind="panel" count={1} />}</div>}
      <TimeInput label={words.timeZone(zoneText(time, siteZone()))} value={time} onChange={(iso) => change({ time: iso })} />
      {taken && time && Date.parse(taken) === Date.parse(time) && <p class="small quiet">{words.fromPicture}</p>}
    </fieldset>
  );
}
