// Builds a component of the guest beside this file: `node build.js ROOT OUTPUT`, with the root of
// the workspace, whose contract and schemas it uses. Runs on the copy that `../guests` makes, since
// it writes beside this file and looks for its packages there.

import { componentize } from "@bytecodealliance/componentize-js";
import { parse, preview1AdapterReactorPath, print } from "@bytecodealliance/jco";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const here = import.meta.dirname;
const [root, output] = process.argv.slice(2);

const read = async (...path) => JSON.parse(await readFile(join(...path), "utf8"));
const data = { ...(await read(here, "plugin.json")), schemas: {}, translations: {} };
for (const vendor of ["hotjar", "contentsquare"]) {
  data.schemas[vendor] = await read(root, "src", `${vendor}.schema.json`);
  data.translations[vendor] = await read(root, "src", `${vendor}.fr.json`);
}
const lines = Object.entries(data).map(
  ([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`,
);
await writeFile(join(here, "data.js"), lines.join(""));

// The engine reads the clock by WASI 0.1, and its adapter to 0.2 would write to standard error just
// before it traps. A plugin may not import that stream, so here it traps at once: the function of
// the engine that is called instead returns no handle of a stream.
const adapter = await print(await readFile(preview1AdapterReactorPath()));
const stderr = /"wasi:cli\/stderr@[0-9.]+" "get-stderr"/;
if (!stderr.test(adapter)) throw new Error("the adapter to WASI 0.2 has another form");
const silent = join(here, "adapter.wasm");
await writeFile(silent, await parse(adapter.replace(stderr, '"__main_module__" "check_init"')));

const { component } = await componentize({
  sourcePath: join(here, "guest.js"),
  witPath: join(root, "wit"),
  worldName: "connector",
  // The world imports the clocks, and the guest uses HTTP through the world's own bindings.
  disableFeatures: ["random", "stdio", "http", "fetch-event"],
  preview2Adapter: silent,
});
await writeFile(output, component);
