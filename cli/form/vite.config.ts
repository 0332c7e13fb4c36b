// Builds the page into dist/, without source maps and inline assets: the content security policy
// blocks inline assets.
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The packages that the page and the form share: one copy of each, from the page's folder. */
const SHARED = [
  "@cfworker/json-schema",
  "@mantine/core",
  "@mantine/hooks",
  "@rjsf/core",
  "@rjsf/mantine",
  "@rjsf/utils",
  "react",
  "react-dom",
];

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // Built from its sources, so that the page needs one installation and one build.
      "connector-form": path("../../packages/connector-form/src/index.ts"),
      // Not used; see the configuration of that package.
      "markdown-to-jsx/react": path("../../packages/connector-form/src/plain-text.ts"),
    },
    dedupe: SHARED,
  },
  build: {
    // Of the packages in the page: dist/.vite/license.md, which `cargo xtask dist` distributes.
    license: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The page is one chunk, since it is served locally.
    chunkSizeWarningLimit: 2000,
  },
});
