// Choose a camera by its place. Whoever cannot see the map has the combo box beside it.
import { useMemo } from "preact/hooks";
import { CameraCombo } from "../parts/camera-combo";
import { say } from "../state/language";
import { cameraLabel, cameras, roads } from "../state/site";
import { mapWords } from "../words/map";
import { modelOf } from "./model";
import { SiteMap } from "./site-map";

interface Props { value: string | null; onChange: (id: string | null) => void }

export default function CameraPicker({ value, onChange }: Props) {
  const words = say(mapWords);
  const model = useMemo(() => modelOf(cameras.value, roads.value), [cameras.value, roads.value]);
  return (
    <div class="camera-picker">
      <CameraCombo label={words.camera} value={value} onChange={onChange} />
      <div class="camera-picker-map">
        <SiteMap model={model} frameKey="all" selected={value} onCamera={onChange} />
      </div>
      <p class="quiet small" role="status">{value === null ? words.chooseCamera : words.chosenCamera(cameraLabel(value))}</p>
    </div>
  );
}
