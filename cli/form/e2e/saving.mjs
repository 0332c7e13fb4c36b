// End-to-end tests of Save: the check before it, "Save anyway", and a check that is stopped.
import assert from "node:assert/strict";

import { hasFocus } from "./harness.mjs";
import { stub } from "./stub.mjs";

/** Runs the tests at the page of this program. */
export async function saving(visitor, program, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });
  const says = (text) => page().getByText(text).first().waitFor();
  const gone = (text) => page().getByText(text).first().waitFor({ state: "detached" });
  const closed = () => page().getByRole("dialog").waitFor({ state: "detached" });
  const saves = (requests) => requests.filter(({ path, body }) => path === "credentials" && body);

  /** Opens the form of the invented vendor, filled in, with these answers of the server. */
  async function filled(answers = {}) {
    await visitor.open("about:blank");
    const requests = await stub(page(), { fields: [] });
    for (const [path, answer] of Object.entries(answers)) {
      await page().route(`**/api/${path}*`, answer);
    }
    await page().goto(program.at("acme"));
    await button("Add credential").click();
    await field("Credential name *").fill("Mine");
    await field("Tenant key *").fill("k");
    await field("Pass word *").fill("w");
    return requests;
  }
  const fails = (kind) => (route) => route.fulfill({ status: 502, json: { error: { kind } } });

  await story("Save checks first, and saves what the vendor accepts", async () => {
    const requests = await filled();
    await button("Save").click();
    await closed();
    const paths = requests.map(({ path }) => path);
    const order = ["validate", "inspect", "credentials"].map((path) => paths.lastIndexOf(path));
    assert(order[0] < order[1] && order[1] >= 0 && saves(requests).length === 1, paths.join());
  });

  await story("Save after a check of the same values does not check again", async () => {
    const requests = await filled();
    await button("Check").click();
    await says("Acme accepts this credential");
    await button("Save").click();
    await closed();
    assert.equal(requests.filter(({ path }) => path === "inspect").length, 1);
  });

  await story("a failed check does not save, and Save anyway does", async () => {
    for (const kind of ["rejected", "forbidden", "unavailable", "unreachable"]) {
      const requests = await filled({ inspect: fails(kind) });
      await button("Save").click();
      await says("The check failed");
      assert.equal(saves(requests).length, 0, kind);
      await hasFocus(button("Save"));
      if (kind === "rejected") await visitor.look("save-anyway");
      await button("Save anyway").click();
      await closed();
      assert.equal(saves(requests).length, 1, kind);
    }
  });

  await story("values out of reach are not saved unless a person insists", async () => {
    const topics = {
      pointer: "/topics",
      choices: [{ value: "jobs", title: "Jobs" }, { value: "other", title: "Other" }],
      complete: true,
      depends_on: [],
    };
    const access = { scopes: [], fields: [topics] };
    const requests = await filled({ inspect: (route) => route.fulfill({ json: access }) });
    await button("Save").click();
    await says(/^Change Topics, or ask an administrator/);
    assert.equal(saves(requests).length, 0);
    await button("Save").click();
    await says(/^Change Topics, or ask an administrator/);
    assert.equal(saves(requests).length, 0);
    await button("Save anyway").click();
    await closed();
    assert.equal(saves(requests).length, 1);
  });

  await story("a check that sets a field lets a person look before it is saved", async () => {
    const zone = {
      pointer: "/zone",
      choices: [{ value: "eu", title: "Europe" }],
      complete: true,
      depends_on: [],
    };
    const access = { scopes: [], fields: [zone] };
    const requests = await filled({ inspect: (route) => route.fulfill({ json: access }) });
    await button("Save").click();
    await says("Zone is set to the only choice: Europe.");
    await says("Look at what was set, then save.");
    assert.equal(saves(requests).length, 0);
    await button("Save").click();
    await closed();
    const [{ body }] = saves(requests);
    assert.equal(body.credential.zone, "eu");
  });

  await story("values that do not go together are reported as they are chosen", async () => {
    await visitor.open(program.at("contentsquare"));
    await button("Add credential").click();
    await page().getByRole("checkbox", { name: /^Enrichment/ }).check();
    await page().locator("#credential_scopes-error").getByText(/must stand alone/).waitFor();
    assert.equal(await page().getByText("This field is required").count(), 0);
    await visitor.look("conflict-at-once");
    await page().getByRole("checkbox", { name: /^Data Export/ }).uncheck();
    await page().locator("#credential_scopes-error").waitFor({ state: "detached" });
  });

  await story("a vendor that checks saved credentials only is saved without a check", async () => {
    const unsaved = { status: 409, json: { error: { kind: "unsaved" } } };
    const requests = await filled({ inspect: (route) => route.fulfill(unsaved) });
    await button("Save").click();
    await closed();
    assert.equal(saves(requests).length, 1);
  });

  await story("Save is disabled during a check, which can be stopped", async () => {
    const requests = await filled({ inspect: () => {} });
    await button("Check").click();
    await says("Checking with Acme …");
    assert(await button("Save").isDisabled());
    await visitor.look("checking");
    await button("Stop").click();
    await gone("Checking with Acme …");
    await button("Check").waitFor();
    assert(await button("Save").isEnabled());
    assert.equal(await page().getByRole("alert").count(), 0, "a stopped check is no failure");
    // The check of Save is stopped in the same way, and nothing is saved.
    await button("Save").click();
    await says("Checking with Acme …");
    await button("Stop").click();
    await gone("Checking with Acme …");
    assert(await button("Save").isEnabled());
    await page().getByRole("dialog").waitFor();
    assert.equal(saves(requests).length, 0);
    await button("Check").dblclick();
    await says("Checking with Acme …");
    await visitor.open("about:blank");
  });
}
