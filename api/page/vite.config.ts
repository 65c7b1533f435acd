import { defineConfig } from "vite";
import { writeSources } from "./sources.mjs";

// The built files are committed and served by yanji itself: one folder, relative to the root, no
// inlined assets (the page's Content-Security-Policy allows no data: scripts), names by content.
export default defineConfig({
  base: "/",
  plugins: [writeSources()],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: "built",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    chunkSizeWarningLimit: 1500,
    rollupOptions: {
      output: {
        // The map library in a file of its own: only views with a map load it.
        manualChunks: (id) => (/node_modules\/(?:maplibre-gl|pmtiles)\//.test(id) ? "maplibre" : undefined),
      },
    },
  },
  // `npm run dev` beside `yanji serve`; sign in with the link's token.
  server: { proxy: { "/api": { target: "http://127.0.0.1:8420", ws: true }, "/live": "http://127.0.0.1:8420" } },
});
