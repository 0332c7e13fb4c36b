// Packs the package, and uses the result as a page would: types are checked strictly and without
// the libraries in it, and both entries are bundled.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { build } from "vite";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

const FILES = [
  "LICENSE",
  "README.md",
  "dist/element.js",
  "dist/element.licenses.md",
  "dist/react.js",
  "dist/react.licenses.md",
  "dist/types/ConnectorForm.d.ts",
  "dist/types/client.d.ts",
  "dist/types/element.d.ts",
  "dist/types/index.d.ts",
  "dist/types/leave.d.ts",
  "dist/types/messages.d.ts",
  "dist/types/reading.d.ts",
  "dist/types/settings.d.ts",
  "example/client.js",
  "example/index.html",
  "example/page.css",
  "example/page.js",
  "package.json",
];

const CLIENT = `
import type { Client } from "connector-form";
export const client: Client = {
  vendors: async () => [{ id: "acme", inspection: "none", name: "Acme" }],
  schema: async () => ({ type: "object" }),
  validate: async (draft, { locales }) => ({ issues: locales.length > 9 ? [] : [] }),
  inspect: async (draft, { signal }) => ({ scopes: [String(signal.aborted)], fields: [] }),
  save: async (entry) => ({
    id: 1, name: entry.name, description: null, vendor: entry.vendor,
    fields: {}, secrets: [], version: 1,
  }),
};
`;

const REACT = `
import { ConnectorForm, messagesFor } from "connector-form";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { client } from "./client";
const form = createElement(ConnectorForm, {
  client,
  messages: { save: messagesFor(["fr"]).save },
  onSaved: (saved) => console.log(saved.name),
  onChecked: (checked) => console.log("access" in checked && checked.access.scopes),
});
createRoot(document.body).render(form);
`;

const ELEMENT = `
import "connector-form/element";
import type { ConnectorFormElement } from "connector-form/element";
import { client } from "./client";
const form: ConnectorFormElement = document.createElement("connector-form");
form.client = client;
form.addEventListener("saved", ({ detail }) => console.log(detail.saved.name));
form.addEventListener("closed", () => form.remove());
document.body.append(form);
`;

const TSCONFIG = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2023", "DOM"],
    module: "ESNext",
    moduleResolution: "bundler",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  },
  include: ["*.ts"],
};

const dir = await mkdtemp(path.join(tmpdir(), "connector-form-"));
try {
  const options = ["pack", "--ignore-scripts", "--json", "--pack-destination", dir];
  const { stdout } = await run("npm", options, { cwd: ROOT });
  const [{ filename, files }] = JSON.parse(stdout);
  assert.deepEqual(files.map((file) => file.path).sort(), FILES);
  console.log(`${filename}: ${files.length} files`);

  const modules = path.join(dir, "node_modules");
  const installed = path.join(modules, "connector-form");
  await mkdir(installed, { recursive: true });
  const tar = ["-xzf", path.join(dir, filename), "--strip-components=1", "-C", installed];
  await run("tar", tar);
  const { scripts, dependencies } = JSON.parse(
    await readFile(path.join(installed, "package.json"), "utf8"),
  );
  assert.equal(dependencies, undefined, "an installation brings nothing else along");
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /install|prepare/.test(name)),
    [],
    "an installation runs nothing",
  );
  for (const name of ["react", "react-dom", "scheduler", "csstype", "@types"]) {
    await symlink(path.join(ROOT, "node_modules", name), path.join(modules, name));
  }
  for (const [name, text] of Object.entries({
    "client.ts": CLIENT,
    "react.ts": REACT,
    "element.ts": ELEMENT,
    "tsconfig.json": JSON.stringify(TSCONFIG),
    "package.json": "{}",
  })) {
    await writeFile(path.join(dir, name), text);
  }
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", dir]).catch((error) => {
    throw new Error(`the types do not fit:\n${error.stdout}`);
  });
  console.log("the types fit, without the types of the libraries in it");

  // A server that renders pages imports the form too, and has no elements.
  for (const entry of ["connector-form", "connector-form/element"]) {
    const render = `await import(${JSON.stringify(entry)})`;
    await run(process.execPath, ["--input-type=module", "--eval", render], { cwd: dir });
  }
  console.log("both entries can be imported on a server");

  for (const entry of ["react", "element"]) {
    const { output } = await build({
      root: dir,
      logLevel: "error",
      resolve: { preserveSymlinks: true },
      build: {
        write: false,
        chunkSizeWarningLimit: 2000,
        rolldownOptions: { input: path.join(dir, `${entry}.ts`) },
      },
    });
    const code = output.map((file) => file.code ?? "").join("\n");
    const copies = code.split("Minified React error #").length - 1;
    assert(copies > 0 && code.includes("connector-form"), `${entry} has the form`);
    // Each copy of React's renderer reports its version to the developer tools once.
    assert.equal(code.split("rendererPackageName").length - 1, 1, `${entry} has one React`);
  }
  console.log("both entries are bundled, with one React");
} finally {
  await rm(dir, { recursive: true });
}
