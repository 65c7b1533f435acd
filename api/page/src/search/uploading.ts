// The one upload at a time: progress, its picture while it goes, and what came of it.
import { signal } from "@preact/signals";
import * as api from "../api/calls";
import { ApiError } from "../api/calls";
import type { SnapshotInfo } from "../api/types";
import { go, place } from "../state/route";
import { refusal, refused } from "./file-check";

/** part 0..1; null once all is sent and the server looks for vehicles. */
export interface Upload { name: string; part: number | null; preview: string }
export const upload = signal<Upload | null>(null);
export const uploadFault = signal<unknown>(null);

/** By id: a picture just sent need not be asked for again. */
const known = new Map<string, SnapshotInfo>();
let control: AbortController | null = null;

export async function send(file: File): Promise<void> {
  cancel();
  uploadFault.value = null;
  if (place.peek().view !== "search") go("search");
  const code = refusal(file);
  if (code !== null) {
    uploadFault.value = new ApiError(refused(code));
    return;
  }
  const mine = (control = new AbortController());
  const preview = URL.createObjectURL(file);
  upload.value = { name: file.name, part: 0, preview };
  try {
    const info = await api.upload(file, (part) => {
      if (control === mine) upload.value = { name: file.name, part: part < 1 ? part : null, preview };
    }, mine.signal);
    known.set(info.snapshot_id, info);
    if (control === mine) go("search", { snapshot: info.snapshot_id });
  } catch (error) {
    if (!mine.signal.aborted) uploadFault.value = error;
  } finally {
    URL.revokeObjectURL(preview);
    if (control === mine) {
      upload.value = null;
      control = null;
    }
  }
}

export function cancel(): void {
  control?.abort();
  control = null;
  upload.value = null;
}

export async function snapshotOf(id: string): Promise<SnapshotInfo> {
  const info = known.get(id) ?? (await api.snapshot(id));
  known.set(id, info);
  return info;
}
