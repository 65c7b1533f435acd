// One camera of the wall: picture, name, state in words and shape, figures.
import type { CameraInfo } from "../api/types";
import { language, say } from "../state/language";
import { now } from "../state/server-clock";
import { clock, dayAndClock, duration } from "../state/times";
import { cameraStates } from "../words/common";
import { causes, live } from "../words/live";
import { LatestPicture } from "./picture";
import { StateMark } from "./state-mark";
import { ageSeconds, isLate, kindOf } from "./wall";

interface Props {
  camera: CameraInfo;
  chosen: boolean;
  /** A crop of its newest sighting, where there is no live picture. */
  instead: string | undefined;
  place: number;
  count: number;
  onChoose: (id: string) => void;
}

const DAY_S = 86_400;

export function figure(value: number, digits = 0): string {
  return new Intl.NumberFormat(language.value === "zh" ? "zh-CN" : "en-GB", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(value);
}

/** "down since 10:18:32 (3 min)": why and for how long, or just the state's name. */
export function stateText(camera: CameraInfo): string {
  const words = say(live);
  if (isLate(camera)) return words.late;
  if (camera.since === null) return say(cameraStates)[camera.state];
  const seconds = ageSeconds(camera.since, now.value);
  return words.downSince((seconds < DAY_S ? clock : dayAndClock)(camera.since), duration(seconds));
}

export function causeText(camera: CameraInfo): string {
  return camera.cause === null ? "" : (say(causes)[camera.cause] ?? camera.cause);
}

/** "0.3 s": finer than other durations, because much more than that is trouble. */
export function lagText(seconds: number): string {
  return seconds < 10 ? `${figure(seconds, 1)} ${say(live).seconds}` : duration(seconds);
}

function figuresOf(camera: CameraInfo): string {
  const words = say(live);
  if (camera.state === "up" && camera.fps !== null) {
    const lag = camera.lag_s === null ? [] : [words.lag(lagText(camera.lag_s))];
    return [words.fps(figure(camera.fps, 1)), ...lag].join(" · ");
  }
  if (camera.state === "recorded") {
    return camera.last_seen === null ? words.never : dayAndClock(camera.last_seen);
  }
  return causeText(camera) || say(cameraStates)[camera.state];
}

export function CameraTile({ camera, chosen, instead, place, count, onChoose }: Props) {
  const { camera_id: id, name, state } = camera;
  return (
    <li class="live-cell" aria-setsize={count} aria-posinset={place}>
      <button type="button" class={`live-tile live-tile-${kindOf(state)}`} aria-pressed={chosen}
        onClick={() => onChoose(id)}>
        <LatestPicture camera={camera} instead={instead} />
        <span class="live-tile-text">
          <span class="live-tile-name"><b>{id}</b>{name !== id && ` ${name}`}</span>
          <span class={`live-tile-state live-state-${isLate(camera) ? "late" : kindOf(state)}`}>
            <StateMark state={isLate(camera) ? "late" : state} /> <span class="live-cut">{stateText(camera)}</span>
          </span>
          <span class="live-tile-figures figure quiet">
            <span class="live-cut">{figuresOf(camera)}</span>
            <span>{say(live).numSightings(figure(camera.num_sightings))}</span>
          </span>
        </span>
      </button>
    </li>
  );
}
