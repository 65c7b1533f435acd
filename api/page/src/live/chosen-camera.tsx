// The camera whose tile was chosen: all that is known of it, and the ways on.
import { useState } from "preact/hooks";
import * as api from "../api/calls";
import type { CameraInfo, SightingInfo } from "../api/types";
import { Icon } from "../parts/icons";
import { ErrorNotice } from "../parts/notices";
import { say } from "../state/language";
import { hashOf } from "../state/route";
import { needSitting } from "../state/sitting";
import { dayAndClock } from "../state/times";
import { live } from "../words/live";
import { causeText, figure, lagText, stateText } from "./camera-tile";
import { StateMark } from "./state-mark";
import { isLate, kindOf } from "./wall";

interface Props {
  camera: CameraInfo;
  onEarlier: (found: readonly SightingInfo[]) => void;
  onClear: () => void;
}

const NUM_EARLIER = 50;

export function ChosenCamera({ camera, onEarlier, onClear }: Props) {
  const words = say(live);
  const [failed, setFailed] = useState<unknown>(null);
  const [asking, setAsking] = useState(false);
  const [none, setNone] = useState(false);
  const readEarlier = async () => {
    const sitting = await needSitting();
    if (!sitting) return;
    setAsking(true);
    setFailed(null);
    try {
      const query = new URLSearchParams({ camera: camera.camera_id, limit: String(NUM_EARLIER), order: "newest" });
      const found = (await api.sightings(sitting, query)).sightings;
      setNone(found.length === 0);
      onEarlier(found);
    } catch (error) {
      setFailed(error);
    } finally {
      setAsking(false);
    }
  };
  const facts: [string, string][] = [];
  const add = (name: string, value: string | null) => {
    if (value !== null) facts.push([name, value]);
  };
  const number = (value: number | null, digits = 0) => (value === null ? null : figure(value, digits));
  add(words.fpsLong, number(camera.fps, 1));
  add(words.analysedLong, number(camera.analysed_fps, 1));
  add(words.lagLong, camera.lag_s === null ? null : lagText(camera.lag_s));
  add(words.droppedLong, number(camera.num_dropped));
  add(words.reconnectsLong, number(camera.num_reconnects));
  add(words.sightingsLong, number(camera.num_sightings));
  add(words.lastSeenLong, camera.last_seen === null ? words.never : dayAndClock(camera.last_seen));
  return (
    <section class="card live-chosen" id="live-chosen" tabIndex={-1} aria-label={camera.camera_id}>
      <header>
        <h3>{camera.camera_id}{camera.name !== camera.camera_id && ` ${camera.name}`}</h3>
        <button type="button" class="button" onClick={onClear}><Icon name="cross" /> {words.everyCamera}</button>
      </header>
      <p class={`live-state-${isLate(camera) ? "late" : kindOf(camera.state)} live-chosen-state`}>
        <StateMark state={isLate(camera) ? "late" : camera.state} /> {[stateText(camera), causeText(camera)].filter(Boolean).join(" · ")}
      </p>
      <dl class="live-facts small">
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd class="figure">{value}</dd></div>)}
      </dl>
      <div class="live-chosen-ways">
        <a class="button first" href={hashOf("search", { camera: camera.camera_id })}>
          <Icon name="search" /> {words.searchHere}
        </a>
        <button type="button" class="button" disabled={asking} onClick={() => void readEarlier()}>
          <Icon name="clock" /> {words.earlier}
        </button>
      </div>
      {none && <p class="quiet small" role="status">{words.noEarlier}</p>}
      {failed !== null && <ErrorNotice error={failed} onAgain={() => void readEarlier()} />}
    </section>
  );
}
