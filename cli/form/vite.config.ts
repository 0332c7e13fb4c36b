// Builds the page into dist/, without source maps, and with nothing inline, which a strict content
// security policy would refuse.
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // Imported by a test helper of the form library, of which nothing is built in.
      "@rjsf/validator-ajv8": fileURLToPath(new URL("src/validator.ts", import.meta.url)),
    },
  },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The form library and its theme are one chunk, served by this machine.
    chunkSizeWarningLimit: 2000,
  },
});
