// Builds the page into dist/, without source maps and inline assets: the content security policy
// blocks inline assets.
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // Only a test helper of the form library imports it, and the page does not use the helper.
      "@rjsf/validator-ajv8": fileURLToPath(new URL("src/validator.ts", import.meta.url)),
    },
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
