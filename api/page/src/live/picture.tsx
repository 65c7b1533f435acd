// The latest picture of a camera: loaded only while the tile is on the screen, and again when there
// is a newer one, at most every two seconds.
import { useEffect, useRef, useState } from "preact/hooks";
import type { CameraInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { now } from "../state/server-clock";
import { duration } from "../state/times";
import { live } from "../words/live";
import { ageSeconds } from "./wall";

const LEAST_MS = 2000;
/** An older picture says so loudly: the camera stands still. */
const OLD_S = 15;

const watching = new Map<Element, (visible: boolean) => void>();
let observer: IntersectionObserver | null = null;

/** One observer for all tiles. */
function watch(element: Element, seen: (visible: boolean) => void): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const entry of entries) watching.get(entry.target)?.(entry.isIntersecting);
  });
  watching.set(element, seen);
  observer.observe(element);
  return () => {
    watching.delete(element);
    observer?.unobserve(element);
  };
}

/** The picture's address with its time: another time is another address, the same one is cached. */
export function addressOf(picture: string, at: string | null): string {
  return at === null ? picture : `${picture}${picture.includes("?") ? "&" : "?"}at=${encodeURIComponent(at)}`;
}

function useLatest(camera: CameraInfo, visible: boolean): string | null {
  const wanted = camera.picture === null ? null : addressOf(camera.picture, camera.picture_at);
  const [shown, show] = useState<string | null>(null);
  const loadedAt = useRef(-Infinity);
  useEffect(() => {
    if (!visible || wanted === shown) return undefined;
    const load = () => {
      loadedAt.current = performance.now();
      show(wanted);
    };
    const wait = loadedAt.current + LEAST_MS - performance.now();
    if (wait <= 0) {
      load();
      return undefined;
    }
    const timer = setTimeout(load, wait);
    return () => clearTimeout(timer);
  }, [wanted, visible, shown]);
  return wanted === null ? null : shown;
}

export function LatestPicture({ camera, instead }: { camera: CameraInfo; instead?: string | undefined }) {
  const box = useRef<HTMLSpanElement>(null);
  const [visible, setVisible] = useState(false);
  const [broken, setBroken] = useState<string | null>(null);
  useEffect(() => (box.current ? watch(box.current, setVisible) : undefined), []);
  const src = useLatest(camera, visible);
  const words = say(live);
  const here = src !== null && broken !== src;
  return (
    <span ref={box} class={`live-picture${here ? "" : " live-picture-none"}`}>
      {here && <img src={src} alt="" decoding="async" onError={() => setBroken(src)} />}
      {!here && instead && visible && <img class="live-instead" src={instead} alt="" loading="lazy" />}
      {!here && !instead && (
        <span class="live-no-picture" aria-hidden="true">
          <Icon name="camera" size={26} />
          {camera.state === "recorded" ? words.noPictureRecorded : words.noPicture}
        </span>
      )}
      {here && camera.picture_at && <Age at={camera.picture_at} />}
    </span>
  );
}

function Age({ at }: { at: string }) {
  const seconds = ageSeconds(at, now.value);
  const words = say(live);
  const old = seconds > OLD_S;
  return (
    <span aria-hidden={!old} class={old ? "live-age live-age-old figure" : "live-age figure"}>
      {old && <Icon name="clock" size={14} />}
      {seconds < 3 ? words.justNow : words.ago(duration(seconds))}
    </span>
  );
}
