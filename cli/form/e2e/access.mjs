// End-to-end tests of the access to the page: the printed link, and nothing else, opens it.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { Program } from "./harness.mjs";

/** Stands in place of the desktop's command that opens a file, and records its arguments. */
const OPENER = `#!/bin/sh
printf "%s\\n" "$@" "key:$CONNECTOR_STORE_KEY" > "$OPENED.part" && mv "$OPENED.part" "$OPENED"
`;

/** Runs the tests at the page of this program. */
export async function access(visitor, program, story) {
  const says = (text) => visitor.page.getByText(text).first().waitFor();
  const vendors = () => says("Choose a vendor");
  const closed = () => says(/Only the link that the program printed opens this page/);

  await story("the server refuses requests without the token", async () => {
    for (const [token, status] of [
      [undefined, 401],
      ["wrong", 401],
      [`${program.token}x`, 401],
      [program.token, 200],
    ]) {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const sent = { headers: authorization };
      const response = await fetch(`${program.origin}/api/credentials`, sent);
      assert.equal(response.status, status, String(token));
    }
  });

  await story("the page without the link says how to open it", async () => {
    await visitor.open(`${program.origin}/`);
    await closed();
    await visitor.look("closed");
    await visitor.page.goto(`${program.origin}/#/contentsquare?token=${"A".repeat(43)}`);
    await closed();
    // The right link, in the same tab.
    await visitor.page.goto(program.link);
    await vendors();
  });

  await story("the link leaves the address, and a reload works", async () => {
    await visitor.open(program.at("contentsquare"));
    await says("Authenticate with Contentsquare");
    assert.equal(visitor.page.url(), `${program.origin}/#/contentsquare`);
    await visitor.page.reload();
    await says("Authenticate with Contentsquare");
    await visitor.open(program.link);
    await vendors();
    assert.equal(visitor.page.url(), `${program.origin}/`);
    await visitor.page.reload();
    await vendors();
  });

  await story("a tab without storage keeps the token in its address", async () => {
    await visitor.open("about:blank");
    await visitor.page.addInitScript(() => {
      const refuse = () => {
        throw new DOMException("refused", "SecurityError");
      };
      Object.defineProperty(window, "sessionStorage", { get: refuse });
    });
    await visitor.page.goto(program.link);
    await visitor.page.getByRole("link", { name: /Hotjar/ }).click();
    await says("Authenticate with Hotjar");
    await visitor.page.reload();
    await says("Authenticate with Hotjar");
    await visitor.page.getByRole("link", { name: "Choose another vendor" }).click();
    await vendors();
    await visitor.open("about:blank");
  });

  await story("--open opens the link, which is no argument of a process", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "connector-open-"));
    const bin = path.join(dir, "bin");
    const opened = path.join(dir, "opened");
    await mkdir(bin);
    await writeFile(path.join(bin, "xdg-open"), OPENER);
    await chmod(path.join(bin, "xdg-open"), 0o755);
    const PATH = `${bin}${path.delimiter}${process.env.PATH}`;
    const key = Buffer.alloc(32, 7).toString("base64");
    const env = { PATH, OPENED: opened, CONNECTOR_STORE_KEY: key };
    const other = await Program.start(["--open"], env);
    let text = "";
    while (text === "") {
      text = await readFile(opened, "utf8").catch(() => "");
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [file, inherited] = text.split("\n");
    assert.equal(inherited, "key:", "the browser does not get the key of the store");
    assert(!file.includes(other.token), "the argument has no token");
    assert.equal((await stat(file)).mode & 0o077, 0, "the file is private");
    await visitor.open(`file://${file}`);
    await vendors();
    await visitor.page.reload();
    await vendors();
    await visitor.open("about:blank");
    await other.stop();
    await assert.rejects(stat(file), "the file is deleted");
    await rm(dir, { recursive: true });
  });
}
