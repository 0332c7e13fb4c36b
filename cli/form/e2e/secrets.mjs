// End-to-end tests of texts that were wrapped when they were copied. An input would drop their line
// breaks, and so send another secret than the one that was pasted.
import assert from "node:assert/strict";

import { hasFocus } from "./harness.mjs";
import { stub } from "./stub.mjs";

/** The pasted text, and the text that is sent; none if it is an issue. */
const PASTED = [
  ["whole", "whole"],
  [" with spaces ", " with spaces "],
  ["below\n", "below"],
  ["\nabove", "above"],
  ["\r\n around \r\n", "around"],
  ["\u2028unicode\u2029", "unicode"],
  ["a tab\t\n", "a tab"],
  ["wrapped\nonce"],
  ["wrapped\r\non Windows"],
  ["wrapped\ron an old Macintosh"],
  ["wrapped\n  and indented"],
  ["wrapped\n\ntwice"],
  ["wrapped\u2028by Unicode"],
  ["wrapped\u2029by a paragraph"],
  ["-----BEGIN KEY-----\nMIIB\n-----END KEY-----\n"],
];

/** Runs the tests at the page of this program. */
export async function secrets(visitor, program, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });
  const FIELDS = { "Pass word *": "word", "Tenant key *": "tenant/key" };
  const problem = (name) => page().locator(`[id="credential_${FIELDS[name]}-error"]`);
  let requests;

  const paste = async (name, text) => {
    await page().evaluate((text) => navigator.clipboard.writeText(text), text);
    await field(name).selectText();
    await field(name).press("Control+V");
  };
  const open = async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await visitor.open("about:blank", { permissions });
    requests = await stub(page(), { fields: [] });
    await page().goto(program.at("acme"));
    await button("Add credential").click();
    await field("Credential name *").fill("Wrapped");
    for (const name of Object.keys(FIELDS)) await field(name).fill("typed");
  };

  for (const [name, key] of Object.entries(FIELDS)) {
    await story(`a line break in a pasted text is never dropped: ${name}`, async () => {
      await open();
      for (const [pasted, sent] of PASTED) {
        const says = JSON.stringify(pasted);
        await paste(name, pasted);
        requests.length = 0;
        if (sent === undefined) {
          await problem(name).getByText(/There is a line break inside/).waitFor();
          for (const way of ["Check", "Save"]) {
            await button(way).click();
            await hasFocus(field(name));
          }
          const paths = requests.map(({ path }) => path);
          assert(!paths.includes("inspect") && !paths.includes("credentials"), says);
        } else {
          await problem(name).waitFor({ state: "detached" });
          assert.equal(await field(name).inputValue(), sent, says);
          await button("Check").click();
          await page().getByText("Acme accepts this credential").waitFor();
          const { body } = requests.findLast(({ path }) => path === "inspect");
          assert.equal(body.credential[key], sent, says);
        }
      }
      await visitor.look(`line-break-${key.replace("/", "-")}`);
    });
  }

  await story("a person can delete the line break, or paste at the caret", async () => {
    const name = "Pass word *";
    await open();
    await paste(name, "one\ntwo");
    await problem(name).waitFor();
    await field(name).press("End");
    for (let step = 0; step < 3; step += 1) await field(name).press("ArrowLeft");
    await field(name).press("Backspace");
    await problem(name).waitFor({ state: "detached" });
    assert.equal(await field(name).inputValue(), "onetwo");
    await page().evaluate(() => navigator.clipboard.writeText("more\n"));
    await field(name).press("End");
    await field(name).press("Control+V");
    assert.equal(await field(name).inputValue(), "onetwomore");
    // Dropped texts are the same.
    await field(name).evaluate((input) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/plain", "dropped\ntext");
      input.select();
      const options = { bubbles: true, cancelable: true, composed: true, dataTransfer };
      input.dispatchEvent(new DragEvent("drop", options));
    });
    await problem(name).waitFor();
    assert.equal(await field(name).inputValue(), "dropped\u2028text");
    await visitor.open("about:blank");
  });
}
