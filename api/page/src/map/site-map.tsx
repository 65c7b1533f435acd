// The map of the site, with a trace on it where there is one. MapLibre draws the ground; where
// WebGL is missing or is lost, SVG does. Buttons, scale and the base map's source are the same.
import type { ComponentType } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "../parts/icons";
import { EmptyState } from "../parts/notices";
import { say } from "../state/language";
import { distance } from "../state/times";
import { mapWords } from "../words/map";
import { baseMap, readBaseMap } from "./base-map";
import "./map.css";
import { Legend } from "./legend";
import type { MapGround, MapMover } from "./map-props";
import type { MapModel } from "./model";
import { Overlay } from "./overlay";
import SvgMap from "./svg-map";
import { fitted, type MapView, metresPerPx, type Point, project, scaleBar, type Size } from "./view";

const SETTLED_MS = 120;
const HOVER_PX = 14;
const TAP_PX = 28;
const SCALE_PX = 110;

interface Props {
  model: MapModel;
  /** A new one fits the map again. */
  frameKey: string;
  highlighted?: number | null;
  onHighlight?: ((leg: number | null) => void) | null;
  onLeg?: ((leg: number) => void) | null;
  selected?: string | null;
  onCamera?: ((id: string) => void) | null;
}

/** Once WebGL has failed in this tab it is not tried again. To try is the test: a context costs. */
let glWorks = typeof WebGL2RenderingContext !== "undefined";

export function SiteMap(props: Props) {
  const { model } = props;
  const words = say(mapWords);
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const watch = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      if (width > 0 && height > 0) setSize({ width: Math.round(width), height: Math.round(height) });
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => void readBaseMap(), []);
  if (model.cameras.length === 0) {
    return <div class="map map-none"><EmptyState icon="map" title={words.noPlaces} hint={words.noPlacesHint} /></div>;
  }
  return <div class="map" ref={box}>{size && <SizedMap {...props} size={size} />}</div>;
}

/** Room for labels around the route. */
function paddingOf({ width, height }: Size): number {
  return Math.min(Math.max(Math.min(width, height) * 0.2, 44), 130);
}

function SizedMap({ model, frameKey, size, highlighted = null, onHighlight = null, onLeg = null, selected = null, onCamera = null }: Props & { size: Size }) {
  const words = say(mapWords);
  const frame = (): MapView => fitted(model.frame, size, paddingOf(size)) ?? { lng: 0, lat: 0, zoom: 1 };
  const [view, setView] = useState(frame);
  const [settled, setSettled] = useState(view);
  const [hovered, setHovered] = useState<string | null>(null);
  const [Gl, setGl] = useState<ComponentType<MapGround> | null>(null);
  const mover = useRef<MapMover | null>(null);
  const framed = useRef(frameKey);
  const touched = useRef(false);

  useEffect(() => {
    if (!glWorks) return;
    let wanted = true;
    import("./gl-map").then((module) => wanted && setGl(() => module.default), () => undefined);
    return () => {
      wanted = false;
    };
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(view), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [view]);
  useEffect(() => {
    if (framed.current === frameKey && touched.current) return;
    framed.current = frameKey;
    touched.current = false;
    mover.current?.moveTo(frame());
  }, [frameKey, size.width, size.height]);

  const cameraAt = (point: Point, within: number): string | null => {
    let [nearest, least] = [null as string | null, within];
    for (const camera of model.cameras) {
      const [x, y] = project(view, size, camera.at);
      const off = Math.hypot(x - point[0], y - point[1]);
      if (off < least) [nearest, least] = [camera.id, off];
    }
    return nearest;
  };
  const hover = (point: Point | null) => {
    const id = point && cameraAt(point, HOVER_PX);
    if (id !== hovered) setHovered(id);
  };
  const tap = (point: Point) => {
    const id = cameraAt(point, TAP_PX);
    setHovered(id);
    if (id !== null) onCamera?.(id);
  };
  const Ground = Gl ?? SvgMap;
  const overlay = useMemo(() => ({ model, size }), [model, size.width, size.height]);
  const attribution = baseMap.value?.attribution;
  return (
    <>
      <Ground key={Gl ? "gl" : "svg"} model={model} view={view} size={size} label={words.map}
        onView={(to) => { touched.current = true; setView(to); }} onPoint={tap} onHover={hover}
        onMover={(one) => { mover.current = one; }}
        onFail={() => { glWorks = false; setGl(null); }}>
        <Overlay {...overlay} view={view} settled={settled} hovered={hovered} selected={selected} highlighted={highlighted}
          onHighlight={onHighlight} onLeg={onLeg} />
      </Ground>
      <div class="map-buttons">
        <MapButton icon="plus" label={words.zoomIn} onClick={() => mover.current?.zoomBy(1)} />
        <MapButton icon="minus" label={words.zoomOut} onClick={() => mover.current?.zoomBy(-1)} />
        <MapButton icon="box" label={model.chosen ? words.showAll : words.showCameras} onClick={() => mover.current?.moveTo(frame())} />
      </div>
      <Scale view={view} />
      <div class="map-corner">
        <Legend model={model} open={false} />
        {attribution && <p class="map-source">{attribution}</p>}
      </div>
    </>
  );
}

function MapButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return <button type="button" class="map-button" aria-label={label} title={label} onClick={onClick}><Icon name={icon} /></button>;
}

export function Scale({ view }: { view: MapView }) {
  const { metres, px } = scaleBar(view, SCALE_PX);
  if (!Number.isFinite(metresPerPx(view))) return null;
  return (
    <div class="map-scale" aria-hidden="true">
      <svg width="14" height="20" viewBox="0 0 14 20"><path d="M7 1L12 12L7 9.5L2 12Z" /><text x="7" y="19.5">N</text></svg>
      <span><i style={{ width: `${px}px` }} />{distance(metres)}</span>
    </div>
  );
}
