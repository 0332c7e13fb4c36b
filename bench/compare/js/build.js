// Makes a component of the guest beside this file: `node build.js ROOT OUTPUT`, with the root of the workspace, whose contract and schemas it
// takes. Writes beside this file too, and finds its packages there, so it runs on the copy that `../guests` makes.

import { componentize } from "@bytecodealliance/componentize-js";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

const here = import.meta.dirname;
const [root, output] = process.argv.slice(2);

const vendors = join(root, "src/vendors");
const schemas = {};
for (const file of (await readdir(vendors)).filter((file) => file.endsWith(".schema.json"))) {
  schemas[basename(file, ".schema.json")] = JSON.stringify(JSON.parse(await readFile(join(vendors, file), "utf8")));
}
await writeFile(join(here, "schemas.js"), `export const schemas = ${JSON.stringify(schemas)};\n`);

const { component } = await componentize({
  sourcePath: join(here, "guest.js"),
  witPath: join(root, "wit"),
  worldName: "connector",
  // All that can be: the world imports the clocks.
  disableFeatures: ["random", "stdio", "http", "fetch-event"],
});
await writeFile(output, component);
