// The snapshot with its vehicles boxed: pick one, or draw a box by mouse, finger or keys.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Box, FoundVehicle, SnapshotInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { classNames } from "../words/common";
import { search } from "../words/search";
import { dragged, keyed, middle, moved, sameBox, type Size } from "./box-moves";

interface Props {
  snapshot: SnapshotInfo;
  box: Box | null;
  onChange: (box: Box | null) => void;
}

/** Below this many pixels on the screen a press is a click, not a drag. */
const DRAG_PX = 6;

function styleOf(box: Box, size: Size) {
  const percent = (part: number) => `${part * 100}%`;
  return {
    left: percent(box[0] / size.width), top: percent(box[1] / size.height),
    width: percent((box[2] - box[0]) / size.width), height: percent((box[3] - box[1]) / size.height),
  };
}

/** Too near the upper edge for a label above it. */
const isHigh = (box: Box, size: Size) => box[1] / size.height < 0.1;

interface Drag { x: number; y: number; clientX: number; clientY: number; moving: Box | null; going: boolean }

export function PictureBoxes({ snapshot, box, onChange }: Props) {
  const words = say(search);
  const kinds = say(classNames);
  const frame = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const own = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef(false);
  const [drawing, setDrawing] = useState(snapshot.vehicles.length === 0);
  const [preview, setPreview] = useState<Box | null>(null);
  const chosen = snapshot.vehicles.findIndex((vehicle) => sameBox(vehicle.box, box));
  const isOwn = box !== null && chosen < 0;

  const at = (event: PointerEvent) => {
    const rect = frame.current?.getBoundingClientRect();
    if (!rect) return { x: 0, y: 0 };
    return {
      x: ((event.clientX - rect.left) / rect.width) * snapshot.width,
      y: ((event.clientY - rect.top) / rect.height) * snapshot.height,
    };
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || (event.pointerType === "touch" && !drawing && !own.current?.contains(event.target as Node))) return;
    const inOwn = own.current?.contains(event.target as Node) ?? false;
    drag.current = { ...at(event), clientX: event.clientX, clientY: event.clientY, moving: inOwn && box ? box : null, going: false };
  };
  const move = (event: PointerEvent) => {
    const now = drag.current;
    if (!now) return;
    if (!now.going) {
      if (Math.hypot(event.clientX - now.clientX, event.clientY - now.clientY) < DRAG_PX) return;
      now.going = true;
      frame.current?.setPointerCapture(event.pointerId);
    }
    const { x, y } = at(event);
    setPreview(now.moving ? moved(now.moving, x - now.x, y - now.y, snapshot) : dragged(now.x, now.y, x, y, snapshot));
  };
  const up = (event: PointerEvent) => {
    const now = drag.current;
    drag.current = null;
    if (!now?.going) return;
    const { x, y } = at(event);
    const drawn = now.moving ? moved(now.moving, x - now.x, y - now.y, snapshot) : dragged(now.x, now.y, x, y, snapshot);
    setPreview(null);
    if (drawn) {
      onChange(drawn.map(Math.round) as Box);
      setDrawing(false);
    }
    // The click that follows a drag is not a choice.
    const swallow = (click: Event) => click.stopPropagation();
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  };
  const stop = () => { drag.current = null; setPreview(null); };

  const byHand = () => {
    // From the keyboard there is a box at once; by pointer one is drawn.
    onChange(middle(snapshot));
    wantsFocus.current = true;
  };
  useEffect(() => {
    if (!wantsFocus.current || !own.current) return;
    wantsFocus.current = false;
    own.current.focus();
  });
  const select = (vehicle: FoundVehicle) => {
    setDrawing(false);
    onChange(vehicle.box);
  };
  const step = (event: KeyboardEvent, index: number) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const num = snapshot.vehicles.length;
    const next = (index + by + num) % num;
    const vehicle = snapshot.vehicles[next];
    if (vehicle) select(vehicle);
    (frame.current?.querySelectorAll<HTMLElement>(".found")[next])?.focus();
  };
  const shown = preview ?? (isOwn ? box : null);
  return (
    <div class="picture">
      <div ref={frame} class={drawing ? "picture-frame drawing" : "picture-frame"}
        style={{ aspectRatio: `${snapshot.width} / ${snapshot.height}`, "--shape": String(snapshot.width / snapshot.height) }}
        onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={stop}>
        <img src={snapshot.picture} alt={words.snapshotPicture} draggable={false} />
        <div class="picture-found" role="radiogroup" aria-label={words.vehicles}>
          {snapshot.vehicles.map((vehicle, index) => (
            <button key={index} type="button" role="radio" aria-checked={index === chosen}
              class={`found${index === chosen ? " chosen" : ""}${isHigh(vehicle.box, snapshot) ? " high" : ""}`} style={styleOf(vehicle.box, snapshot)}
              tabIndex={index === Math.max(chosen, 0) ? 0 : -1} aria-label={words.vehicle(index + 1, kinds[vehicle.class])}
              onClick={() => select(vehicle)} onKeyDown={(event) => step(event, index)}>
              <span class="found-label">{index + 1} <span class="found-kind">{kinds[vehicle.class]}</span></span>
            </button>
          ))}
        </div>
        {shown && (
          <div ref={own} class={isHigh(shown, snapshot) ? "own-box high" : "own-box"} role="group" aria-roledescription={words.ownBox} tabIndex={0} aria-label={words.ownBoxKeys} style={styleOf(shown, snapshot)}
            onKeyDown={(event) => {
              const next = box && keyed(box, event.key, event.shiftKey, snapshot);
              if (!next) return;
              event.preventDefault();
              onChange(next);
            }}>
            <span class="found-label">{words.ownBox}</span>
          </div>
        )}
        {drawing && !preview && !isOwn && <p class="picture-hint"><Icon name="box" /> {words.drawing}</p>}
      </div>
      <div class="picture-tools">
        <p class="quiet small" role="status">
          {isOwn ? words.ownBoxHint : snapshot.vehicles.length ? words.pickOne : words.pickNone}
        </p>
        {isOwn ? (
          <button type="button" class="button" onClick={() => onChange(snapshot.vehicles[0]?.box ?? null)}>
            <Icon name="cross" /> {words.removeBox}
          </button>
        ) : (
          <button type="button" class={drawing ? "button chosen-button" : "button"} aria-pressed={drawing}
            onClick={(event) => {
              // A click without a pointer comes from the keyboard.
              if (event.detail === 0) byHand();
              else setDrawing(!drawing);
            }}>
            <Icon name="box" /> {words.drawBox}
          </button>
        )}
      </div>
    </div>
  );
}
