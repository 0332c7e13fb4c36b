// End-to-end tests of choices by JSON pointer, with an invented vendor.
import assert from "node:assert/strict";

import { stub } from "./stub.mjs";

/** Runs the tests at the page of this program. */
export async function choices(visitor, program, story) {
  const field = (name) => visitor.page.getByLabel(name, { exact: true });
  const button = (name) => visitor.page.getByRole("button", { name, exact: true });
  const says = (text) => visitor.page.getByText(text).first().waitFor();
  const gone = (text) => visitor.page.getByText(text).first().waitFor({ state: "detached" });
  const box = (name) => visitor.page.getByRole("checkbox", { name });
  const radio = (name) => visitor.page.getByRole("radio", { name });
  let requests;

  await story("choices apply by pointer to the fields of any form", async () => {
    await visitor.open("about:blank");
    requests = await stub(visitor.page);
    await visitor.page.goto(program.link);
    await visitor.page.waitForFunction(() => document.querySelector("img")?.naturalWidth > 0);
    await visitor.page.getByRole("link", { name: /Acme/ }).click();
    await button("Add credential").click();
    await field("Tenant key *").fill("k");
    await field("Pass word *").fill("w");
    await field("Site").fill("typed before");
    await button("Check").click();
    await says("Acme accepts this credential");
    await says("It belongs to Ada's key.");
    await says(/^Expires on 6 May 2031/);
  });

  await story("a field with a single choice is set, and shown by the form's title", async () => {
    assert(await radio("Europe").isChecked());
    await says("Zone is set to the only choice: Europe.");
    assert.equal(await visitor.page.getByText("Frankfurt").count(), 0);
    assert(await box("Jobs").isChecked());
    assert(!(await box(/^News/).isChecked()));
    await says("Topics is set to the only choice: Jobs.");
    assert.equal(await field("Pass word *").inputValue(), "w", "a secret is never set");
  });

  await story("options and values missing from complete choices are marked", async () => {
    for (const option of [radio("America not on this key"), radio("Asia not on this key")]) {
      await option.waitFor();
      assert(await option.isDisabled());
    }
    assert(await box("News not on this key").isDisabled());
    const site = visitor.page.getByRole("combobox", { name: "Site" });
    assert.equal(await site.inputValue(), "typed before – not on this key");
    await says("Change Site, or ask an administrator for access to typed before.");
    await site.click();
    for (const name of ["Main site (s1)", "s2"]) {
      await visitor.page.getByRole("option", { name, exact: true }).waitFor();
    }
    // A value of another type than the field's is not offered.
    assert.equal(await visitor.page.getByText("of another type").count(), 0);
    await visitor.page.getByRole("option", { name: "Main site (s1)" }).click();
    await gone("Change Site, or ask an administrator for access to typed before.");
  });

  await story("incomplete choices are suggestions, and a list offers them as items", async () => {
    const team = field("Team");
    await team.fill("another team");
    const suggested = await team.evaluate((input) =>
      [...input.list.options].map(({ value, text }) => [value, text]),
    );
    assert.deepEqual(suggested, [["t1", "The first team (t1)"]]);
    await box("Sales (a1)").check();
    await visitor.look("acme-checked");
  });

  await story("choices disappear when a field on which they depend changes", async () => {
    await field("Team").fill("a third team");
    await says("Acme accepts this credential");
    await field("Tenant key *").fill("another");
    await gone("Acme accepts this credential");
    assert.equal(await visitor.page.getByRole("combobox", { name: "Site" }).count(), 0);
    assert.equal(await field("Site").inputValue(), "s1", "the chosen value is kept");
    await radio("America not on this key").waitFor();
    await box("Sales (a1)").waitFor();
    await field("Note").fill("a note");
    await box("Sales (a1)").waitFor({ state: "detached" });
    await field("Pass word *").fill("another");
    await radio("America not on this key").waitFor();
  });

  await story("the document has the chosen values", async () => {
    const { body } = requests.findLast(({ path }) => path === "inspect");
    assert.deepEqual(body.credential, {
      "tenant/key": "k",
      word: "w",
      zone: "us",
      site: "typed before",
      topics: ["news"],
    });
    await field("Credential name *").fill("Acme");
    await button("Save").click();
    await visitor.page.getByRole("dialog").waitFor({ state: "detached" });
    const saved = requests.findLast(({ path, body }) => path === "credentials" && body);
    assert.deepEqual(saved.body.credential, {
      "tenant/key": "another",
      word: "another",
      zone: "eu",
      site: "s1",
      team: "a third team",
      areas: ["a1"],
      note: "a note",
      topics: ["jobs"],
    });
  });

  await story("a session without an expiry shows its account by name", async () => {
    await visitor.page.getByRole("button", { name: /Saved before/ }).click();
    await says("Main site (s1)");
    await says("Does not expire");
    await says("Read (read), Jobs");
    await visitor.page.getByRole("button", { name: /Saved before.*Ada's key/ }).waitFor();
    await visitor.look("acme-chosen");
  });

  await story("a scope is shown by a title, and never by its id alone", async () => {
    const session = {
      base_url: "https://api.acme.test",
      scopes: ["jobs", "data-export.read", "admin", "t1"],
      issued_at: "2026-01-01T00:00:00Z",
    };
    await visitor.open("about:blank");
    requests = await stub(visitor.page);
    await visitor.page.route("**/api/credentials/1/session?*", (route) =>
      route.fulfill({ json: session }),
    );
    await visitor.page.route("**/api/vendors?*", (route) =>
      route.fulfill({ json: [{ id: "acme", inspection: "session", name: "Acme" }] }),
    );
    await visitor.page.goto(program.at("acme"));
    await visitor.page.getByRole("button", { name: /Saved before.*Not checked/ }).click();
    // By the form, by its words, and by the vendor's choices.
    await says("Jobs, Data export read (data-export.read), Admin (admin), The first team");
    await visitor.look("acme-scopes");
    await visitor.open("about:blank");
    requests = await stub(visitor.page);
    await visitor.page.goto(program.at("acme"));
    await visitor.page.getByRole("button", { name: /Saved before/ }).click();
    await says("Does not expire");
  });

  await story("a failed refresh keeps a session that is still valid", async () => {
    const failed = { status: 502, json: { error: { kind: "unavailable" } } };
    await visitor.page.route("**/api/credentials/1/refresh*", (route) => route.fulfill(failed));
    await button("Refresh session").click();
    await says("The session was not refreshed; the current one stays valid");
    await says("Acme cannot answer now.");
    await says("Does not expire");
    await visitor.look("acme-kept");
  });

  await story("without dependencies, a change of a required field ends a check", async () => {
    await visitor.open("about:blank");
    requests = await stub(visitor.page, { fields: [] });
    await visitor.page.goto(program.at("acme"));
    await button("Add credential").click();
    await field("Tenant key *").fill("k");
    await field("Pass word *").fill("w");
    for (const name of ["Tenant key *", "Pass word *"]) {
      await button("Check").click();
      await says("Acme accepts this credential");
      await field("Team").fill(`a team for ${name}`);
      await field("Site").fill(`a site for ${name}`);
      await says("Acme accepts this credential");
      await field(name).fill("another");
      await gone("Acme accepts this credential");
    }
  });

  await story("a French browser gets a French page", async () => {
    await visitor.open("about:blank", { locale: "fr-FR" });
    requests = await stub(visitor.page);
    await visitor.page.goto(program.at("acme"));
    await button("Ajouter un identifiant").click();
    await field("Nom de l’identifiant *").waitFor();
    assert.equal(await visitor.page.evaluate(() => document.documentElement.lang), "fr-FR");
    assert(requests.every(({ locales }) => locales.split(",")[0] === "fr-FR"));
    await visitor.look("acme-french");
  });
}
