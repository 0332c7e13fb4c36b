// End-to-end tests of many credentials: the details are in sight, a search finds a tile, and
// changes of another tab show.
import assert from "node:assert/strict";

import { many, stub } from "./stub.mjs";

/** Runs the tests at the page of this program. */
export async function tiles(visitor, program, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });
  const says = (text) => page().getByText(text).first().waitFor();
  const tile = (name) => page().getByRole("button", { name });
  const details = () => page().getByRole("region");
  const group = () => page().getByRole("group", { name: "Credentials" });
  /** Whether the details of this credential are wholly on the screen. */
  const inSight = async (name) => {
    await details().getByRole("heading", { name }).waitFor();
    await details().getByText("Ada's key").waitFor();
    const box = await details().boundingBox();
    const { height } = page().viewportSize();
    assert(box.y >= 0 && box.y + box.height <= height, `${name}: ${JSON.stringify(box)}`);
  };
  let saved;

  await story("the details of each of 500 credentials are in sight", async () => {
    for (const viewport of [
      { width: 1040, height: 860 },
      { width: 700, height: 860 },
      { width: 400, height: 860 },
    ]) {
      saved = many(500);
      await visitor.open("about:blank", { viewport });
      await stub(page(), {}, saved);
      await page().goto(program.at("acme"));
      const first = group().getByRole("button").first();
      assert.match(await first.innerText(), /Add credential/, "Add comes first");
      for (const number of ["001", "002", "250", "500"]) {
        await tile(new RegExp(`Credential ${number}`)).click();
        await inSight(`Credential ${number}`);
        assert.equal(await details().count(), 1);
      }
      if (viewport.width === 1040) await visitor.look("many");
    }
  });

  await story("a search finds a credential by its name, purpose and holder", async () => {
    const found = () => group().getByRole("button", { name: /Credential \d/ });
    for (const [query, count] of [
      ["Credential 25", 15],
      ["team 499", 1],
      ["TEAM crédential 007", 1],
      ["nothing like it", 0],
    ]) {
      await field("Search").fill(query);
      await says(`${count} of 500 credentials`);
      assert.equal(await found().count(), count, query);
    }
    await visitor.look("search");
    await field("Search").fill("team 499");
    await tile(/Credential 499/).click();
    await inSight("Credential 499");
    await field("Search").fill("");
    await says(/Credential 250/);
    assert.equal(await found().count(), 500);
  });

  await story("a new credential is chosen, also when a search hides it", async () => {
    await field("Search").fill("team 499");
    const added = { ...saved[0], id: 501, name: "Just added" };
    await page().route("**/api/credentials?*", async (route) => {
      if (route.request().method() === "POST") {
        saved.push(added);
        await route.fulfill({ json: added });
      } else {
        await route.fallback();
      }
    });
    await button("Add credential").click();
    await field("Credential name *").fill("Just added");
    await field("Tenant key *").fill("k");
    await field("Pass word *").fill("w");
    await page().getByRole("radio", { name: "Europe" }).check();
    await page().getByRole("checkbox", { name: "News" }).uncheck();
    await page().getByRole("checkbox", { name: "Jobs" }).check();
    await button("Save").click();
    await page().getByRole("dialog").waitFor({ state: "detached" });
    await page().getByRole("button", { name: /Just added/, pressed: true }).waitFor();
    await inSight("Just added");
    assert.equal(await field("Search").inputValue(), "");
    await page().waitForFunction(() => document.activeElement?.id === "tile-501");
  });

  await story("a credential that was deleted in another tab disappears", async () => {
    saved.splice(saved.findIndex(({ name }) => name === "Just added"), 1);
    await page().evaluate(() => window.dispatchEvent(new Event("focus")));
    await tile(/Just added/).waitFor({ state: "detached" });
    await says("Just added was deleted elsewhere.");
    assert.equal(await details().count(), 0);
    // Also when it is chosen before the page knows.
    saved.splice(0, 1);
    const missing = { status: 404, json: { error: { kind: "missing" } } };
    await page().route("**/api/credentials/1/session?*", (route) => route.fulfill(missing));
    await tile(/Credential 001/).click();
    await says("Credential 001 was deleted elsewhere.");
    await visitor.open("about:blank");
  });
}
