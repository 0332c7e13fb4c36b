// Fails if the web component, with everything in its one file, is larger than its budget.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

/** Styles, React, Mantine and the form library included; pages load it beside their own code. */
const MAX_GZIP_BYTES = 300_000;

const dist = new URL("../dist/", import.meta.url);
const code = await readFile(new URL("element.js", dist));

// Nothing is left out of the measure: no other file is built, and none is imported.
const built = (await readdir(dist)).filter((name) => !/\.(md|d\.ts)$/.test(name)).sort();
assert.deepEqual(built, ["element.js", "react.js", "types"]);
const text = String(code);
assert(!/(^|[;}\s])import\s*[\w{*("'`]/.test(text), "it imports nothing");
assert(!/new URL\([^)]*import\.meta/.test(text), "it loads no other file");

const size = gzipSync(code, { level: 9 }).length;
console.log(`dist/element.js: ${size} of ${MAX_GZIP_BYTES} bytes, gzipped`);
assert(size <= MAX_GZIP_BYTES, "the web component is over its budget");
