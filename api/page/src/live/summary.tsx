// How the installation is, in one line, and what is wrong with it, if anything.
import { Icon } from "../parts/icons";
import { say } from "../state/language";
import { feed, health, heardAt, link } from "../state/live";
import { site } from "../state/site";
import { clock } from "../state/times";
import { linkStates, live } from "../words/live";
import { figure } from "./camera-tile";
import { StateMark } from "./state-mark";
import type { Counts, Shown } from "./wall";

export function Summary({ counts }: { counts: Counts }) {
  const words = say(live);
  const state = link.value;
  return (
    <div class="live-summary">
      <h1>{words.title}</h1>
      <p class="live-counts">
        {counts.up > 0 && <span class="live-state-up"><StateMark state="up" /> {words.numUp(counts.up)}</span>}
        {counts.trouble > 0 && <span class="live-state-trouble"><StateMark state="down" /> {words.numTrouble(counts.trouble)}</span>}
        <span class="quiet">{words.total(counts.total)}</span>
        {health.value && <span class="quiet">{words.numSightings(figure(health.value.archive.num_sightings))}</span>}
      </p>
      <p class={`live-link live-link-${state}`} role="status">
        <span class="live-link-dot" aria-hidden="true" /> {say(linkStates)[state]}
      </p>
    </div>
  );
}

/** "1.5 GB". */
function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = count;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  return `${figure(size, at > 1 && size < 100 ? 1 : 0)} ${units[at]}`;
}

interface BannerProps { counts: Counts; onShow: (shown: Shown) => void }

export function Banners({ counts, onShow }: BannerProps) {
  const words = say(live);
  const archive = health.value?.archive;
  const offline = link.value === "offline";
  const watched = counts.up + counts.trouble;
  const late = health.value?.cameras.degraded ?? 0;
  return (
    <div class="live-banners">
      {offline && heardAt.value !== null && (
        <div class="notice live-banner" role="status">
          <Icon name="clock" size={22} />
          <div><strong>{words.asOf(clock(new Date(heardAt.value).toISOString()))}</strong></div>
        </div>
      )}
      {!offline && archive?.state === "disk_full" && (
        <div class="notice bad live-banner" role="alert">
          <Icon name="warn" size={22} />
          <div><strong>{words.diskFull}</strong><p class="small">{words.diskFullHint(bytes(archive.free_bytes))}</p></div>
        </div>
      )}
      {!offline && watched > 0 && counts.trouble > 0 && (
        <div class={counts.up === 0 ? "notice bad live-banner" : "notice warn live-banner"} role="status">
          <Icon name="warn" size={22} />
          <div><strong>{counts.up === 0 && watched > 1 ? words.allTroubled : words.someTroubled(counts.trouble, watched)}</strong></div>
          {counts.up > 0 && (
            <button type="button" class="button" onClick={() => onShow("trouble")}>{words.showThem}</button>
          )}
        </div>
      )}
      {!offline && health.value?.status === "degraded" && archive?.state !== "disk_full" && counts.trouble === 0 && (
        <div class="notice warn live-banner" role="status">
          <Icon name="warn" size={22} />
          <div><strong>{late > 0 ? words.someLate(late) : words.degraded}</strong>{archive?.detail && <p class="small">{archive.detail}</p>}</div>
        </div>
      )}
      {site.value?.live === false && (
        <div class="notice live-banner">
          <Icon name="case" size={22} />
          <div><strong>{words.notLive}</strong><p class="small">{words.notLiveHint}</p></div>
        </div>
      )}
    </div>
  );
}

/** Whether anything was ever shown: before that the wall shows skeletons. */
export const anythingHeard = () => heardAt.value !== null || feed.value.shown.length > 0;
