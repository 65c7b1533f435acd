// The live view: how the installation is, the camera wall, the stream of the latest sightings.
import "./live.css";
import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { SightingInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { Skeleton } from "../parts/notices";
import { Segments } from "../parts/segments";
import { say } from "../state/language";
import { feed, follow, link, paused, resume } from "../state/live";
import { amend, go, place } from "../state/route";
import { cameraById, cameras } from "../state/site";
import { live } from "../words/live";
import { CameraWall } from "./camera-wall";
import { ChosenCamera } from "./chosen-camera";
import { Stream } from "./stream";
import { anythingHeard, Banners, Summary } from "./summary";
import { counted, matching, ordered, type Order, type Shown } from "./wall";

/** As in live.css. */
const NARROW = "(max-width: 760px)";
/** So many are on the screen at once: nothing to look for. */
const FEW = 4;
const SHOWN: readonly Shown[] = ["all", "up", "trouble", "recorded"];

export default function LiveView() {
  const words = say(live);
  const params = place.value.params;
  const chosen = params.get("camera");
  const order: Order = params.get("order") === "id" ? "id" : "trouble";
  const shown = SHOWN.find((one) => one === params.get("show")) ?? "all";
  const text = params.get("find") ?? "";
  const tab = useSignal<"cameras" | "stream">("cameras");
  const earlier = useSignal<readonly SightingInfo[]>([]);
  useEffect(() => follow(), []);
  useEffect(() => {
    earlier.value = [];
  }, [chosen]);

  const set = (changes: Record<string, string | null>) => {
    const next = new URLSearchParams(params);
    for (const [name, value] of Object.entries(changes)) {
      if (value) next.set(name, value);
      else next.delete(name);
    }
    return next;
  };
  const choose = (id: string) => {
    const next = id === chosen ? null : id;
    // A step in the history: "back" leads from one camera to all.
    go("live", set({ camera: next }));
    if (next === null) return;
    tab.value = "stream";
    if (!matchMedia(NARROW).matches) return;
    // On a phone the other list takes the wall's place: begin at its top.
    requestAnimationFrame(() => {
      scrollTo({ top: 0 });
      document.getElementById("live-chosen")?.focus({ preventScroll: true });
    });
  };
  const clear = () => amend("live", set({ find: null, show: null }));

  const counts = useComputed(() => counted(cameras.value)).value;
  const wall = ordered(matching(cameras.value, { text, shown }), order);
  const camera = chosen === null ? undefined : cameraById.value.get(chosen);
  const kinds = SHOWN.filter((kind) => kind === "all" || kind === shown || counts[kind] > 0);
  const labels: Record<Shown, string> = {
    all: words.all, up: words.up, trouble: words.trouble, recorded: words.recorded,
  };

  return (
    <div class={`live live-tab-${tab.value}${link.value === "offline" ? " live-stale" : ""}`}>
      <Summary counts={counts} />
      <Banners counts={counts} onShow={(kind) => amend("live", set({ show: kind }))} />
      <div class="live-tabs">
        <Segments label={words.title} value={tab.value} onChange={(value) => { tab.value = value; }}
          options={[
            { value: "cameras", text: words.cameras, icon: "grid" },
            { value: "stream", text: words.stream, icon: "list" },
          ]} />
      </div>
      <div class="live-columns">
        <section class="live-cameras" aria-labelledby="live-cameras-title">
          <h2 id="live-cameras-title" class="unseen">{words.cameras}</h2>
          <div class="live-controls">
            {(counts.total > FEW || text) && (
              <label class="field live-find">
                <span>{words.find}</span>
                <input type="search" value={text} placeholder={words.findHint}
                  onInput={(event) => amend("live", set({ find: event.currentTarget.value }))} />
              </label>
            )}
            {kinds.length > 2 && (
              <div class="live-control">
                <span class="small quiet" aria-hidden="true">{words.show}</span>
                <Segments label={words.show} value={shown} onChange={(kind) => amend("live", set({ show: kind === "all" ? null : kind }))}
                  options={kinds.map((kind) => ({ value: kind, text: kind === "all" ? labels.all : `${labels[kind]} ${counts[kind]}` }))} />
              </div>
            )}
            {(counts.total > FEW || counts.trouble > 0) && counts.up + counts.trouble > 1 && (
              <div class="live-control">
                <span class="small quiet" aria-hidden="true">{words.order}</span>
                <Segments label={words.order} value={order} onChange={(kind) => amend("live", set({ order: kind === "id" ? "id" : null }))}
                  options={[{ value: "trouble", text: words.byTrouble }, { value: "id", text: words.byId }]} />
              </div>
            )}
          </div>
          {counts.total === 0 && !anythingHeard() && link.value === "connecting"
            ? <Skeleton kind="cards" count={8} />
            : <CameraWall cameras={wall} total={counts.total} chosen={chosen} onChoose={choose} onClear={clear} />}
        </section>
        <aside class="live-side" aria-labelledby="live-stream-title">
          <header class="live-side-head">
            <h2 id="live-stream-title">{words.stream}</h2>
            {(feed.value.shown.length > 0 || paused.value) && (
              <button type="button" class="button" aria-pressed={paused.value}
                onClick={() => { if (paused.value) resume(); else paused.value = true; }}>
                <Icon name={paused.value ? "play" : "pause"} /> {paused.value ? words.go : words.pause}
              </button>
            )}
          </header>
          {camera && (
            <ChosenCamera key={camera.camera_id} camera={camera} onClear={() => go("live", set({ camera: null }))}
              onEarlier={(found) => { earlier.value = found; }} />
          )}
          <Stream camera={chosen} earlier={earlier.value} />
        </aside>
      </div>
    </div>
  );
}
