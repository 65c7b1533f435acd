// Writes SOURCES.json beside the built files: the sha256 of every file that they were made from.
// tests/page/test_built.py compares it with the tree, so that nobody commits a page that is not the
// one of its source, on machines without Node too.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL(".", import.meta.url));
const FILES = ["index.html", "package.json", "package-lock.json", "sources.mjs", "tsconfig.json", "vite.config.ts"];
const FOLDERS = ["public", "src"];

/** Every source file by its name with "/"; tests change no built file. */
function names() {
  const found = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll("\\", "/")),
  );
  return [...FILES, ...found].sort();
}

/** Of the bytes with every CRLF as LF, so that a checkout on Windows gives the same. */
function digest(name) {
  const bytes = readFileSync(join(ROOT, name)).toString("latin1").replaceAll("\r\n", "\n");
  return createHash("sha256").update(bytes, "latin1").digest("hex");
}

/** The plugin of vite.config.ts. */
export function writeSources() {
  return {
    name: "yanji-sources",
    apply: "build",
    generateBundle() {
      const sources = Object.fromEntries(names().map((name) => [name, digest(name)]));
      const text = `${JSON.stringify({ sources }, null, 1)}\n`;
      this.emitFile({ type: "asset", fileName: "SOURCES.json", source: text });
    },
  };
}
