// An end-to-end test of the whole way by keyboard alone: from the vendors to "Use this credential".
import assert from "node:assert/strict";

import { hasFocus } from "./harness.mjs";

/** Runs the test at the page of this program. */
export async function keyboard(visitor, program, story) {
  const page = () => visitor.page;
  const button = (name) => page().getByRole("button", { name, exact: true });
  const says = (text) => page().getByText(text).first().waitFor();
  const press = (key) => page().keyboard.press(key);
  /** The words of the element that has the focus. */
  const focused = () =>
    page().evaluate(() => {
      const host = document.activeElement;
      const element = host?.shadowRoot?.activeElement ?? host;
      const label = element?.labels?.[0]?.textContent ?? element?.getAttribute("aria-label");
      return label ?? element?.textContent ?? "";
    });
  const until = async (name, key = "Tab") => {
    for (let step = 0; step < 30; step += 1) {
      if ((await focused()).startsWith(name)) return;
      await press(key);
    }
    assert.fail(`${key} does not reach ${name}`);
  };

  await story("the whole way works by keyboard alone", async () => {
    const key = program.sample("a key of a whole account");
    await visitor.open(program.link);
    await says("Choose a vendor");
    await until("C");
    assert.match(await focused(), /Contentsquare/);
    await press("Enter");
    await says("Authenticate with Contentsquare");
    await until("+Add credential");
    await press("Enter");
    await until("Credential name");
    await page().keyboard.type("By keyboard");
    await until("Client ID");
    await page().keyboard.type(key.client_id);
    await until("Client secret");
    await page().keyboard.type(key.client_secret);
    await until("Check");
    await press("Enter");
    await says("Contentsquare accepts this credential");
    await until("Metrics", "Shift+Tab");
    await press("Space");
    await until("Project ID");
    await press("ArrowDown");
    await says("Simulated bank (4203)");
    await page().keyboard.type("bank");
    await press("ArrowDown");
    await press("Enter");
    await until("Save");
    await press("Enter");
    await page().getByRole("dialog").waitFor({ state: "detached" });
    await hasFocus(page().getByRole("button", { name: /^By keyboard/ }));
    await says("Simulated bank (4203)");
    await until("Use this credential");
    await press("Enter");
    await says("By keyboard is chosen. You can close this page.");
    await until("Edit");
    await press("Enter");
    await page().getByRole("dialog", { name: "Edit credential" }).waitFor();
    await press("Escape");
    await hasFocus(button("Edit"));
    await until("Delete");
    await press("Enter");
    await page().getByRole("dialog", { name: "Delete this credential?" }).waitFor();
    await until("Delete");
    await press("Enter");
    await says("By keyboard is deleted.");
    await hasFocus(button("Add credential"));
  });
}
