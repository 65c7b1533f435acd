// Choose a camera by typing a few letters of its id or name: a combo box that shows the best
// matches only, so that 20,000 cameras are no burden.
import { useId, useRef, useState } from "preact/hooks";
import type { CameraInfo } from "../api/types";
import { say } from "../state/language";
import { cameraLabel, cameras } from "../state/site";
import { common } from "../words/common";
import { matching } from "./camera-match";
import { Icon } from "./icons";

const SHOWN = 50;

interface InputProps {
  label: string;
  placeholder?: string | undefined;
  /** What the field says while nobody types. */
  text: string;
  without: readonly string[];
  onChoose: (id: string) => void;
  onClear?: (() => void) | undefined;
}

function Combo({ label, placeholder, text, without, onChoose, onClear }: InputProps) {
  const words = say(common);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const open = typed !== null;
  const offered = without.length ? cameras.value.filter((one) => !without.includes(one.camera_id)) : cameras.value;
  const { found, num } = open ? matching(offered, typed, SHOWN) : { found: [] as CameraInfo[], num: 0 };
  const choose = (camera: CameraInfo | undefined) => {
    if (!camera) return;
    onChoose(camera.camera_id);
    setTyped(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) { setTyped(""); setAt(0); return; }
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = Math.max(0, Math.min(found.length - 1, at + step));
      setAt(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      choose(found[at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setTyped(null);
    }
  };
  return (
    <div class="combo">
      <label class="field">
        <span>{label}</span>
        <span class="combo-input">
          <input ref={input} type="text" role="combobox" autocomplete="off" spellcheck={false} aria-autocomplete="list"
            aria-expanded={open} aria-controls={`${id}-list`}
            aria-activedescendant={open && found.length ? `${id}-${at}` : undefined}
            placeholder={placeholder ?? words.typeCamera} value={typed ?? text}
            onFocus={(event) => event.currentTarget.select()}
            onClick={() => { if (!open) { setTyped(""); setAt(0); } }}
            onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }}
            onKeyDown={onKeyDown} onBlur={() => setTyped(null)} />
        </span>
      </label>
      {onClear && text !== "" && !open ? (
        <button type="button" class="combo-side" aria-label={`${words.clear}: ${label}`} onClick={onClear}><Icon name="cross" size={16} /></button>
      ) : (
        <span class="combo-side" aria-hidden="true"><Icon name="down" size={16} /></span>
      )}
      <ul class="combo-list" role="listbox" id={`${id}-list`} aria-label={label} hidden={!open}>
        {found.map((camera, index) => (
          <li key={camera.camera_id} id={`${id}-${index}`} role="option" aria-selected={index === at}
            class={index === at ? "combo-option at" : "combo-option"}
            onMouseDown={(event) => { event.preventDefault(); choose(camera); }}>
            <strong>{camera.camera_id}</strong> {camera.name !== camera.camera_id && camera.name}
          </li>
        ))}
        {open && num > found.length && <li class="combo-more" role="presentation">{words.moreCameras(num - found.length)}</li>}
        {open && num === 0 && <li class="combo-more" role="presentation">{words.noCamera}</li>}
      </ul>
    </div>
  );
}

export function CameraCombo({ label, value, onChange }: {
  label: string; value: string | null; onChange: (id: string | null) => void;
}) {
  return (
    <Combo label={label} text={value === null ? "" : cameraLabel(value)} without={[]} onChoose={onChange}
      onClear={() => onChange(null)} />
  );
}

export function CamerasCombo({ label, values, onChange }: {
  label: string; values: readonly string[]; onChange: (ids: string[]) => void;
}) {
  const words = say(common);
  return (
    <div class="combo-many">
      <Combo label={label} text="" placeholder={values.length ? words.oneMore : words.allCameras} without={values}
        onChoose={(id) => onChange([...values, id])} />
      {values.length > 0 && (
        <ul class="chips" aria-label={label}>
          {values.map((id) => (
            <li key={id}>
              <button type="button" class="chip chosen" aria-label={`${words.remove}: ${cameraLabel(id)}`}
                onClick={() => onChange(values.filter((one) => one !== id))}>
                {cameraLabel(id)} <Icon name="cross" size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
