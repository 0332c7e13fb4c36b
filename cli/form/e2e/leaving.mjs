// End-to-end tests of the ways to leave an overlay: typed input is not lost without a question, and
// the focus returns to where it was.
import assert from "node:assert/strict";

import { hasFocus } from "./harness.mjs";
import { stub } from "./stub.mjs";

/** Runs the tests at the page of this program. */
export async function leaving(visitor, program, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });
  const says = (text) => page().getByText(text).first().waitFor();
  const overlay = (name = "Add new credential") => page().getByRole("dialog", { name });
  const question = () => page().getByRole("dialog", { name: "Discard your changes?" });
  const gone = (element) => element.waitFor({ state: "detached" });
  const open = async () => {
    await visitor.open("about:blank");
    await stub(page());
    await page().goto(program.at("acme"));
    await page().getByRole("button", { name: /Saved before/ }).click();
    await says("Does not expire");
  };
  const WAYS = {
    Escape: () => page().keyboard.press("Escape"),
    Close: () => overlay().getByRole("button", { name: "Close" }).click(),
    Back: () => page().evaluate(() => window.history.back()),
  };

  await story("an overlay without input closes at once, and the focus returns", async () => {
    await open();
    const address = page().url();
    for (const leave of [...Object.values(WAYS), () => button("Cancel").click()]) {
      await button("Add credential").click();
      await overlay().waitFor();
      await leave();
      await gone(overlay());
      await hasFocus(button("Add credential"));
      assert.equal(page().url(), address);
    }
    await button("Edit").click();
    await overlay("Edit credential").waitFor();
    await WAYS.Back();
    await gone(overlay("Edit credential"));
    await hasFocus(button("Edit"));
    for (const leave of [WAYS.Escape, WAYS.Back, () => button("Keep it").click()]) {
      await button("Delete").click();
      await says("Delete this credential?");
      await leave();
      await gone(page().getByRole("dialog"));
      await hasFocus(button("Delete"));
    }
  });

  await story("typed input is discarded only after a question", async () => {
    await button("Add credential").click();
    const kinds = {
      "Credential name *": "a name",
      "Credential description": "a purpose",
      "Tenant key *": "a key",
      "Pass word *": "a secret",
    };
    for (const [name, text] of Object.entries(kinds)) {
      await field(name).fill(text);
      for (const [way, leave] of Object.entries(WAYS)) {
        await field(name).focus();
        await leave();
        await question().waitFor();
        if (name === "Tenant key *") await visitor.look(`discard-${way}`);
        if (way === "Escape") await page().keyboard.press("Escape");
        else await button("Keep editing").click();
        await gone(question());
        assert.equal(await field(name).inputValue(), text, way);
        if (way !== "Close") await hasFocus(field(name));
      }
      await field(name).fill("");
    }
    await page().getByRole("radio", { name: "Asia" }).check();
    await WAYS.Escape();
    await question().waitFor();
    await button("Discard").click();
    await gone(overlay());
    await hasFocus(button("Add credential"));
    await button("Add credential").click();
    assert.equal(await field("Credential name *").inputValue(), "");
    assert(await page().getByRole("radio", { name: "America" }).isChecked());
    await WAYS.Back();
    await gone(overlay());
  });

  await story("an edit asks for what was changed, and not for what was saved", async () => {
    await button("Edit").click();
    const site = page().getByRole("combobox", { name: /^Site/ }).or(field("Site"));
    await site.first().waitFor();
    await WAYS.Escape();
    await gone(overlay("Edit credential"));
    await button("Edit").click();
    await field("Pass word").fill("another");
    await WAYS.Back();
    await question().waitFor();
    await WAYS.Back();
    await question().waitFor();
    await button("Discard").click();
    await gone(overlay("Edit credential"));
    await hasFocus(button("Edit"));
  });

  await story("a reload asks before it discards, and only then", async () => {
    const asked = [];
    page().on("dialog", (dialog) => {
      asked.push(dialog.type());
      return dialog.dismiss();
    });
    await button("Add credential").click();
    await field("Credential name *").fill("a name");
    // The reload is refused, so it never ends.
    await page().evaluate(() => window.location.reload());
    await page().evaluate(() => new Promise(requestAnimationFrame));
    assert.deepEqual(asked, ["beforeunload"]);
    assert.equal(await field("Credential name *").inputValue(), "a name");
    await field("Credential name *").fill("");
    await page().reload();
    await button("Add credential").waitFor();
    assert.deepEqual(asked, ["beforeunload"], "nothing is asked without input");
    await visitor.open("about:blank");
  });
}
