// Builds the package into dist/: `element` is the web component with everything in one file, and
// `react` leaves React to the page that uses it.
import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: {
      // The form library renders descriptions as Markdown on request, which this form never does.
      "markdown-to-jsx/react": path("src/plain-text.ts"),
    },
  },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    // The first of the two builds empties the folder.
    emptyOutDir: mode === "element",
    modulePreload: { polyfill: false },
    target: "es2022",
    license: { fileName: `${mode}.licenses.md` },
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: path(mode === "element" ? "src/element.ts" : "src/index.ts"),
      external: mode === "element" ? [] : [/^react($|\/)/, /^react-dom($|\/)/],
      preserveEntrySignatures: "strict",
      onLog(level, log, report) {
        // "use client" is for frameworks that render on a server; the bundle has no such part.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
      output: { entryFileNames: `${mode}.js`, codeSplitting: false },
    },
  },
}));
