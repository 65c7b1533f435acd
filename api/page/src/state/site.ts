// What the whole page knows of the site: read once after signing in, cameras followed live.
import { computed, signal } from "@preact/signals";
import * as api from "../api/calls";
import type { CameraInfo, Road, SiteInfo } from "../api/types";

export const site = signal<SiteInfo | null>(null);
export const roads = signal<Road[]>([]);
export const cameras = signal<CameraInfo[]>([]);
export const cameraById = computed(() => new Map(cameras.value.map((one) => [one.camera_id, one])));

/** The cameras of before with those that changed in their places; new ones come behind. */
export function renewed(before: readonly CameraInfo[], changed: readonly CameraInfo[]): CameraInfo[] {
  const now = new Map(before.map((one) => [one.camera_id, one]));
  for (const one of changed) now.set(one.camera_id, one);
  return [...now.values()];
}

export async function readSite(): Promise<void> {
  const [info, ways, all] = await Promise.all([api.site(), api.roads(), api.cameras()]);
  site.value = info;
  roads.value = ways.roads;
  cameras.value = all.cameras;
}

/** "K04 望江门": id and name, the id alone where there is no other name. */
export function cameraLabel(id: string): string {
  const name = cameraById.value.get(id)?.name;
  return name && name !== id ? `${id} ${name}` : id;
}
