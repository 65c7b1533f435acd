import type { Plugin } from "vite";

export function writeSources(): Plugin;
