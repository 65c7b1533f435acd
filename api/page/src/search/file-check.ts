// Which files are refused before anything is sent. The server checks again, by content.
import type { Problem } from "../api/types";

export const MAX_BYTES = 20 * 1024 * 1024;
/** What the file chooser offers. */
export const ACCEPTED = "image/jpeg,image/png,image/webp,image/heic,image/heif,.jpg,.jpeg,.png,.webp,.heic,.heif";
const TYPES = new Set(["image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/webp", "image/heic", "image/heif"]);
const ENDINGS = /\.(jpe?g|png|webp|hei[cf])$/i;

/** The code of `words/problems.ts` that says why not; null where the file may go. */
export function refusal(file: { name?: string; size: number; type: string }): string | null {
  // Browsers give HEIC no type on most systems, so its name decides.
  const known = file.type ? TYPES.has(file.type.toLowerCase()) : ENDINGS.test(file.name ?? "");
  if (!known) return "picture_format";
  if (file.size === 0) return "picture_empty";
  return file.size > MAX_BYTES ? "picture_too_large" : null;
}

export function refused(code: string): Problem {
  return { type: "", title: "", status: 0, code, hint: "", errors: [] };
}

/** The first file of a drop or a paste; null where there is none. */
export function fileIn(data: Pick<DataTransfer, "files" | "items"> | null): File | null {
  if (!data) return null;
  if (data.files.length > 0) return data.files[0] ?? null;
  for (const item of Array.from(data.items)) {
    if (item.kind === "file") return item.getAsFile();
  }
  return null;
}
