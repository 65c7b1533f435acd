// The latest sightings as they close. What is being read does not move: while the list is scrolled,
// pointed at or has the focus, news wait behind a button.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SightingInfo } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { EmptyState } from "../parts/notices";
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { feed, held, numLost, paused, resume, showWaiting } from "../state/live";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { clock, day } from "../state/times";
import { classNames } from "../words/common";
import { live } from "../words/live";
import { joined, ofCamera } from "./feed";

const ANNOUNCE_MS = 10_000;

/** Whether the list's first line is on the screen, nothing in it has the focus or the pointer. */
function useHolding() {
  const top = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const mark = top.current;
    const items = list.current;
    if (!mark || !items) return undefined;
    let scrolled = false;
    let pointed = false;
    let focused = false;
    const settle = () => {
      held.value = scrolled || pointed || focused;
      if (!held.value && !paused.value) showWaiting();
    };
    const observer = new IntersectionObserver(([entry]) => {
      // A list that is not laid out (the other tab is open on a phone) is read by nobody.
      scrolled = entry !== undefined && !entry.isIntersecting && mark.offsetParent !== null;
      settle();
    });
    observer.observe(mark);
    const follow = (kind: string, change: () => void) => {
      const on = () => {
        change();
        settle();
      };
      items.addEventListener(kind, on);
      return () => items.removeEventListener(kind, on);
    };
    const ends = [
      follow("mouseenter", () => { pointed = true; }),
      follow("mouseleave", () => { pointed = false; }),
      follow("focusin", () => { focused = true; }),
      follow("focusout", () => { focused = items.contains(document.activeElement) && document.hasFocus(); }),
    ];
    return () => {
      observer.disconnect();
      for (const end of ends) end();
      held.value = false;
    };
  }, []);
  return { top, list };
}

/** How many came in the last ten seconds, for those who hear the page; not every single one. */
function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    const known = () => new Set([...feed.peek().waiting, ...feed.peek().shown].map((one) => one.sighting_id));
    let before = known();
    const timer = setInterval(() => {
      const all = known();
      const num = [...all].filter((id) => !before.has(id)).length;
      before = all;
      setText(num ? say(live).came(num) : "");
    }, ANNOUNCE_MS);
    return () => clearInterval(timer);
  }, []);
  return <p class="unseen" role="status">{text}</p>;
}

interface Props {
  camera: string | null;
  /** Of the chosen camera, from the archive. */
  earlier: readonly SightingInfo[];
}

export function Stream({ camera, earlier }: Props) {
  const words = say(live);
  const { top, list } = useHolding();
  const shown = joined(ofCamera(feed.value.shown, camera), ofCamera(earlier, camera));
  const waiting = ofCamera(feed.value.waiting, camera).length;
  const reveal = () => {
    if (paused.value) resume();
    else showWaiting();
    top.current?.scrollIntoView({ block: "nearest" });
    list.current?.scrollTo({ top: 0 });
  };
  return (
    <div class="live-stream">
      <div class="live-news">
        {waiting > 0 && (
          <button type="button" class="button first live-news-button" aria-label={words.newsLong(waiting)} onClick={reveal}>
            <Icon name="up" /> {words.news(waiting)}
          </button>
        )}
      </div>
      {numLost.value > 0 && <p class="notice warn small">{words.lost(numLost.value)}</p>}
      <Announcer />
      <div ref={top} class="live-top" aria-hidden="true" />
      {shown.length === 0 && (
        camera === null
          ? <EmptyState icon="clock" title={words.noSightings} hint={words.noSightingsHint} />
          : <EmptyState icon="clock" title={words.noSightingsHere} hint={words.noSightingsHereHint} />
      )}
      <ol ref={list} class="live-list" aria-label={words.stream}>
        {shown.map((one) => <Passed key={one.sighting_id} sighting={one} />)}
      </ol>
    </div>
  );
}

function Passed({ sighting }: { sighting: SightingInfo }) {
  const kind = say(classNames)[sighting.class];
  const camera = cameraLabel(sighting.camera_id);
  return (
    <li>
      <a class="live-passed" href={hashOf("sighting", { id: sighting.sighting_id })}>
        <CropImage src={sighting.crops[0]} alt="" shape="strip" />
        <span class="live-passed-text">
          <b class="figure"><time dateTime={sighting.last_seen}>{clock(sighting.last_seen)}</time></b>
          <span class="live-cut">{camera}</span>
          <span class="quiet small live-cut">{kind} · {day(sighting.last_seen)}</span>
        </span>
        <Icon name="right" size={16} />
      </a>
    </li>
  );
}
