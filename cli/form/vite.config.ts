// How the page is built: into dist/, without source maps, and without anything inline that a strict content security policy would refuse.
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: {
      // The form library's helper for tests asks for it, and is exported beside what the page uses. Nothing of it is built in.
      "@rjsf/validator-ajv8": fileURLToPath(new URL("src/validator.ts", import.meta.url)),
    },
  },
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The one chunk is the form library and its theme, and comes from this machine.
    chunkSizeWarningLimit: 2000,
  },
});
