// End-to-end tests of a number that is pasted or typed: the text stays, and only a plain number is
// accepted.
import assert from "node:assert/strict";

import { hasFocus } from "./harness.mjs";

/** The pasted text, the text in the field, and the value that is sent. */
const PASTED = [
  ["1,234"],
  ["1.234"],
  ["1.5"],
  ["4202.0"],
  ["0x2a"],
  ["1e3"],
  ["042"],
  ["+42"],
  ["-0"],
  ["4202; 4203"],
  ["4202 4203"],
  ["12\u200b34"],
  ["１２"],
  ["Infinity"],
  ["9007199254740993"],
  // An input drops line breaks, which would make one number of two.
  ["4202\n4203", "4202 4203"],
  ["4202\r\n4203\r\n", "4202 4203"],
  ["4202", "4202", 4202],
  [" 4202\t", "4202", 4202],
  ["\u200e\ufeff4202\u00a0\u200b", "4202", 4202],
  ["4202\n", "4202", 4202],
];

/** Runs the tests at this address of a vendor whose form has a number. */
export async function numbers(visitor, url, key, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });
  const project = () => page().getByRole("textbox", { name: /^Project ID/ });
  const problem = () => page().locator("#credential_project_id-error");
  let validated;

  const paste = async (text) => {
    await page().evaluate((text) => navigator.clipboard.writeText(text), text);
    await project().selectText();
    await project().press("Control+V");
  };
  /** Saves, and returns the value that was sent. */
  const save = async () => {
    validated = page().waitForRequest((request) => request.url().includes("/api/validate"));
    await button("Save").click();
    const sent = (await validated).postDataJSON().credential.project_id;
    // Without a name, the end of the attempt moves the focus there.
    await hasFocus(field("Credential name *"));
    return sent;
  };

  await story("a pasted number stays as it is, and only a plain one is accepted", async () => {
    await visitor.open(url, { permissions: ["clipboard-read", "clipboard-write"] });
    await button("Add credential").click();
    await field("Client ID *").fill(key.client_id);
    await field("Client secret *").fill(key.client_secret);
    await page().getByRole("radio", { name: /^Account/ }).check();
    assert.equal(await project().getAttribute("inputmode"), "numeric");
    for (const [pasted, shown = pasted, number = shown] of PASTED) {
      const says = `pasted ${JSON.stringify(pasted)}`;
      await paste(pasted);
      assert.equal(await project().inputValue(), shown, says);
      assert.equal(await save(), number, says);
      if (typeof number === "string") {
        await problem().getByText(/must be a whole number/).waitFor();
      } else {
        await problem().waitFor({ state: "detached" });
      }
      await project().blur();
      assert.equal(await project().inputValue(), shown, `${says}, after the field is left`);
    }
    await visitor.look("number-accepted");
  });

  await story("a text is pasted at the caret, and a typed text stays too", async () => {
    await project().fill("4202");
    await page().evaluate(() => navigator.clipboard.writeText("00\n"));
    await project().press("End");
    await project().press("Control+V");
    assert.equal(await project().inputValue(), "420200");
    for (const typed of ["1,234", "1.5", "4202; 4203", "0x2a"]) {
      await project().fill("");
      await page().keyboard.type(typed);
      assert.equal(await project().inputValue(), typed);
      assert.equal(await save(), typed);
      await problem().getByText(/must be a whole number/).waitFor();
    }
    await project().fill("");
    await page().keyboard.type(" 4203 ");
    assert.equal(await save(), 4203);
    await problem().waitFor({ state: "detached" });
    await project().fill("");
    assert.equal(await save(), undefined, "an empty field is left out");
    await problem().getByText(/needs the project/).waitFor();
  });
}
