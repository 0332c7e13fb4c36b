// Builds a component of the guest beside this file: `node build.js ROOT OUTPUT`, with the root of
// the workspace, whose contract and schemas it uses. Runs on the copy that `../guests` makes, since
// it writes beside this file and looks for its packages there.

import { componentize } from "@bytecodealliance/componentize-js";
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

const { component } = await componentize({
  sourcePath: join(here, "guest.js"),
  witPath: join(root, "wit"),
  worldName: "connector",
  // The world imports the clocks, and the guest uses HTTP through the world's own bindings.
  disableFeatures: ["random", "stdio", "http", "fetch-event"],
});
await writeFile(output, component);
