// The map as SVG: where WebGL is missing or was lost. Wheel, drag, two fingers, arrow keys.
import { useEffect, useRef } from "preact/hooks";
import { BaseSvg } from "./base-svg";
import { baseMap } from "./base-map";
import type { MapGround } from "./map-props";
import { type MapView, panned, type Point, zoomedAt } from "./view";

const KEY_PAN_PX = 80;
const CLICK_PX = 5;
const ZOOM_PER_WHEEL_PX = 1 / 300;

export default function SvgMap({ model, view, size, onView, onPoint, onHover, onMover, label, children }: MapGround) {
  const root = useRef<HTMLDivElement>(null);
  const now = useRef({ view, size });
  now.current = { view, size };
  const move = (to: MapView) => {
    now.current.view = to;
    onView(to);
  };
  useEffect(() => {
    onMover({
      zoomBy: (by) => {
        const { view, size } = now.current;
        move(zoomedAt(view, size, [size.width / 2, size.height / 2], by));
      },
      moveTo: move,
    });
    return () => onMover(null);
  }, []);

  const pointers = useRef(new Map<number, Point>());
  const start = useRef<Point | null>(null);
  const at = (event: { clientX: number; clientY: number }): Point => {
    const box = root.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    pointers.current.set(event.pointerId, at(event));
    start.current = pointers.current.size === 1 ? at(event) : null;
  };
  const onPointerMove = (event: PointerEvent) => {
    const before = pointers.current.get(event.pointerId);
    const to = at(event);
    if (!before) {
      onHover(to);
      return;
    }
    // Only a real drag takes the pointer: a click on a stop stays a click.
    const from = start.current;
    if (from && Math.hypot(to[0] - from[0], to[1] - from[1]) < CLICK_PX) return;
    if (from) root.current?.setPointerCapture(event.pointerId);
    start.current = null;
    const { view, size } = now.current;
    const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
    pointers.current.set(event.pointerId, to);
    if (!other) {
      move(panned(view, before[0] - to[0], before[1] - to[1]));
      return;
    }
    const spread = ([x, y]: Point) => Math.max(Math.hypot(x - other[0], y - other[1]), 1);
    const middle: Point = [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2];
    const zoomed = zoomedAt(view, size, middle, Math.log2(spread(to) / spread(before)));
    move(panned(zoomed, (before[0] - to[0]) / 2, (before[1] - to[1]) / 2));
  };
  const onPointerUp = (event: PointerEvent) => {
    const wasClick = start.current !== null && pointers.current.has(event.pointerId);
    pointers.current.delete(event.pointerId);
    start.current = null;
    if (wasClick && onPoint && !(event.target as Element).closest("[data-map-item]")) onPoint(at(event));
  };
  useEffect(() => {
    const element = root.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const px = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
      const by = Math.min(Math.max(-px * ZOOM_PER_WHEEL_PX, -1), 1);
      move(zoomedAt(now.current.view, now.current.size, at(event), by));
    };
    // Not passive: the page must not scroll under the map.
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { view, size } = now.current;
    const middle: Point = [size.width / 2, size.height / 2];
    const moved: Record<string, () => MapView> = {
      ArrowLeft: () => panned(view, -KEY_PAN_PX, 0), ArrowRight: () => panned(view, KEY_PAN_PX, 0),
      ArrowUp: () => panned(view, 0, -KEY_PAN_PX), ArrowDown: () => panned(view, 0, KEY_PAN_PX),
      "+": () => zoomedAt(view, size, middle, 1), "=": () => zoomedAt(view, size, middle, 1),
      "-": () => zoomedAt(view, size, middle, -1),
    };
    const go = moved[event.key];
    if (!go) return;
    event.preventDefault();
    move(go());
  };
  return (
    <div ref={root} class="map-ground map-ground-svg" data-map="svg" tabIndex={0} role="application" aria-label={label}
      onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp} onPointerCancel={onPointerUp}
      onPointerLeave={() => onHover(null)} onKeyDown={onKeyDown}
      onDblClick={(event) => move(zoomedAt(now.current.view, now.current.size, at(event), 1))}>
      <svg class="map-svg" width={size.width} height={size.height} aria-hidden="true">
        <BaseSvg view={view} size={size} model={model} shapes={baseMap.value?.shapes ?? []} />
      </svg>
      {children}
    </div>
  );
}
