// All cameras as tiles; only those near the screen exist.
import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { EmptyState } from "../parts/notices";
import { say } from "../state/language";
import { feed } from "../state/live";
import { live } from "../words/live";
import type { CameraInfo } from "../api/types";
import { CameraTile } from "./camera-tile";
import { GAP_PX, layOut, near } from "./grid";

interface Props {
  cameras: readonly CameraInfo[];
  /** How many there are without the filter. */
  total: number;
  chosen: string | null;
  onChoose: (id: string) => void;
  onClear: () => void;
}

interface Seen { width: number; top: number; height: number; rem: number }

/** Where the grid stands on the screen; follows scrolling and resizing. */
function useSeen() {
  const grid = useRef<HTMLUListElement>(null);
  const [seen, setSeen] = useState<Seen>({ width: 0, top: 0, height: 0, rem: 16 });
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return undefined;
    let frame = 0;
    const measure = () => {
      frame = 0;
      const box = element.getBoundingClientRect();
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      const next = { width: element.clientWidth, top: Math.max(0, -box.top), height: innerHeight, rem };
      setSeen((last) => (same(last, next) ? last : next));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    const sizes = new ResizeObserver(soon);
    sizes.observe(element);
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, []);
  return { grid, seen };
}

function same(one: Seen, other: Seen): boolean {
  return one.width === other.width && one.height === other.height && one.rem === other.rem
    // A new row comes into reach about every 150 px; smaller steps change nothing.
    && Math.abs(one.top - other.top) < 40;
}

export function CameraWall({ cameras, total, chosen, onChoose, onClear }: Props) {
  const words = say(live);
  const { grid, seen } = useSeen();
  const newestCrops = useComputed(() => {
    const crops = new Map<string, string>();
    for (const one of [...feed.value.waiting, ...feed.value.shown]) {
      const crop = one.crops[0];
      if (crop && !crops.has(one.camera_id)) crops.set(one.camera_id, crop);
    }
    return crops;
  });
  const count = cameras.length;
  const plan = layOut(count, Math.max(seen.width, 1), seen.rem);
  const part = near(plan, count, seen.top, seen.height || 900);
  const onScreen = seen.width > 0 ? cameras.slice(part.from, part.to) : [];
  useEffect(() => {
    // The chosen camera is brought to the screen when a link names it.
    if (chosen === null || seen.width === 0) return;
    const at = cameras.findIndex((one) => one.camera_id === chosen);
    const element = grid.current;
    if (at < 0 || !element) return;
    const y = element.getBoundingClientRect().top + scrollY + Math.floor(at / plan.columns) * plan.rowHeight;
    if (y < scrollY || y > scrollY + innerHeight - plan.tileHeight / 2) scrollTo({ top: Math.max(0, y - 140) });
  }, [chosen, seen.width > 0]);
  return (
    <>
      {count === 0 && (total === 0
        ? <EmptyState icon="camera" title={words.noCameras} hint={words.noCamerasHint} />
        : (
          <EmptyState icon="filter" title={words.noMatch} hint={words.noMatchHint}>
            <button type="button" class="button" onClick={onClear}>{words.clear}</button>
          </EmptyState>
        ))}
      <ul ref={grid} class="live-wall" aria-label={words.cameras} style={{
        gridTemplateColumns: `repeat(${plan.columns}, minmax(0, ${plan.tileWidth}px))`,
        gridAutoRows: `${plan.tileHeight}px`, gap: `${GAP_PX}px`,
        paddingTop: `${part.before}px`, paddingBottom: `${part.after}px`,
      }}>
        {onScreen.map((camera, at) => (
          <CameraTile key={camera.camera_id} camera={camera} chosen={camera.camera_id === chosen}
            instead={newestCrops.value.get(camera.camera_id)} place={part.from + at + 1} count={count}
            onChoose={onChoose} />
        ))}
      </ul>
    </>
  );
}
