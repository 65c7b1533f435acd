// The map drawn by MapLibre: ground, base map, roads and cameras; what lies over it is the overlay.
// Loaded only where a map is shown.
import { addProtocol, type GeoJSONSource, GPUInitializationError, Map as GlMapView, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { createPortal } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";
import { baseMap } from "./base-map";
import { BaseSvg } from "./base-svg";
import { colours, styleOf, sourcesOf, watchColours } from "./gl-style";
import type { MapGround } from "./map-props";
import { LEAST_ZOOM, MOST_ZOOM } from "./view";

setWorkerUrl(workerUrl);
/** Without its first picture after so long, it never comes: the SVG map takes over. */
const PATIENCE_MS = 20_000;
let tilesKnown = false;

const stillness = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export default function GlMap(props: MapGround) {
  const { model, view, size, label, children } = props;
  const holder = useRef<HTMLDivElement>(null);
  const map = useRef<GlMapView | null>(null);
  const [over, setOver] = useState<HTMLElement | null>(null);
  const [loaded, setLoaded] = useState(false);
  const refill = useRef<(() => void) | null>(null);
  const now = useRef(props);
  now.current = props;
  const base = baseMap.value;

  useEffect(() => {
    if (!holder.current) return;
    const fail = () => now.current.onFail();
    let drawn: GlMapView;
    try {
      drawn = new GlMapView({
        container: holder.current, style: styleOf(baseMap.peek(), colours()),
        center: [view.lng, view.lat], zoom: view.zoom, minZoom: LEAST_ZOOM, maxZoom: MOST_ZOOM,
        attributionControl: false, validateStyle: false, dragRotate: false, touchPitch: false, pitchWithRotate: false, rollEnabled: false, maxPitch: 0,
        fadeDuration: stillness() ? 0 : 150, reduceMotion: stillness(), locale: { "Map.Title": label },
      });
    } catch {
      fail();
      return;
    }
    map.current = drawn;
    drawn.touchZoomRotate.disableRotation();
    drawn.keyboard.disableRotation();
    const impatient = setTimeout(fail, PATIENCE_MS);
    // After every new style (dark, base map) its sources are empty again.
    const fill = () => {
      for (const [name, data] of Object.entries(sourcesOf(now.current.model))) {
        (drawn.getSource(name) as GeoJSONSource | undefined)?.setData(data);
      }
    };
    refill.current = fill;
    drawn.on("style.load", fill);
    drawn.on("load", () => {
      clearTimeout(impatient);
      setLoaded(true);
    });
    drawn.on("error", ({ error }) => {
      if (error instanceof GPUInitializationError) fail();
    });
    drawn.on("webglcontextlost", fail);
    drawn.on("move", () => {
      const { lng, lat } = drawn.getCenter();
      now.current.onView({ lng, lat, zoom: drawn.getZoom() });
    });
    drawn.on("mousemove", (event) => now.current.onHover([event.point.x, event.point.y]));
    drawn.on("mouseout", () => now.current.onHover(null));
    drawn.on("click", (event) => {
      const target = event.originalEvent.target as Element;
      if (!target.closest("[data-map-item]")) now.current.onPoint?.([event.point.x, event.point.y]);
    });
    now.current.onMover({
      zoomBy: (by) => drawn.easeTo({ zoom: drawn.getZoom() + by, duration: stillness() ? 0 : 200 }),
      moveTo: (to) => drawn.easeTo({ center: [to.lng, to.lat], zoom: to.zoom, duration: stillness() ? 0 : 400 }),
    });
    setOver(drawn.getCanvasContainer());
    const unwatch = watchColours(() => drawn.setStyle(styleOf(baseMap.peek(), colours())));
    return () => {
      clearTimeout(impatient);
      unwatch();
      now.current.onMover(null);
      drawn.remove();
      map.current = null;
    };
  }, []);

  useEffect(() => {
    if (base?.tiles && !tilesKnown) {
      tilesKnown = true;
      void import("pmtiles").then(({ Protocol }) => {
        addProtocol("pmtiles", new Protocol().tile);
        map.current?.setStyle(styleOf(base, colours()));
      });
    } else if (loaded && base) {
      map.current?.setStyle(styleOf(base, colours()));
    }
  }, [base, loaded]);

  useEffect(() => {
    if (loaded) refill.current?.();
  }, [model.cameras, model.roads]);

  return (
    <>
      <div ref={holder} class="map-ground map-ground-gl" data-map={loaded ? "gl" : "coming"} />
      {over && createPortal(
        <>
          {!loaded && (
            <svg class="map-svg" width={size.width} height={size.height} aria-hidden="true">
              <BaseSvg view={view} size={size} model={model} shapes={base?.shapes ?? []} />
            </svg>
          )}
          {children}
        </>,
        over,
      )}
    </>
  );
}
