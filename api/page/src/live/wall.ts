// Which cameras the wall shows, in which order. Plain functions: 20,000 cameras are sorted once a
// second while they report.
import type { CameraInfo, CameraState } from "../api/types";

export type Order = "trouble" | "id";
/** What the state filter offers: everything, what watches, what does not. */
export type Shown = "all" | "up" | "trouble" | "recorded";

export interface Sieve { text: string; shown: Shown }
export interface Counts { total: number; up: number; trouble: number; recorded: number }

/** Lower comes first where trouble comes first. Lag is not in it: tiles would change places. */
const RANK: Record<CameraState, number> = {
  down: 0, credentials: 0, still: 0, black: 0, waiting: 1, connecting: 2, up: 3, recorded: 4,
};

export function kindOf(state: CameraState): Exclude<Shown, "all"> {
  return state === "up" || state === "recorded" ? state : "trouble";
}

/** Watched, but this machine does not keep up with it. */
export function isLate(camera: CameraInfo): boolean {
  return camera.state === "up" && camera.degraded;
}

/** In the order of `cameras` (by id), or with the troubled ones in front, each group by id. */
export function ordered(cameras: readonly CameraInfo[], order: Order): readonly CameraInfo[] {
  if (order === "id") return cameras;
  const groups: CameraInfo[][] = [[], [], [], [], []];
  for (const camera of cameras) groups[RANK[camera.state]]?.push(camera);
  return groups.flat();
}

/** Those whose id or name holds every word of the text, in any case, and whose state is wanted. */
export function matching(cameras: readonly CameraInfo[], { text, shown }: Sieve): readonly CameraInfo[] {
  const words = text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && shown === "all") return cameras;
  return cameras.filter((camera) => {
    if (shown !== "all" && kindOf(camera.state) !== shown) return false;
    const name = `${camera.camera_id} ${camera.name}`.normalize("NFKC").toLowerCase();
    return words.every((word) => name.includes(word));
  });
}

export function counted(cameras: readonly CameraInfo[]): Counts {
  const counts: Counts = { total: cameras.length, up: 0, trouble: 0, recorded: 0 };
  for (const camera of cameras) counts[kindOf(camera.state)] += 1;
  return counts;
}

/** Seconds from an ISO time to `now_ms`; never negative: the clocks of two machines differ. */
export function ageSeconds(at: string, now_ms: number): number {
  return Math.max(0, (now_ms - Date.parse(at)) / 1000);
}
