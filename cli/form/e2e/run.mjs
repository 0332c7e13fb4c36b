// End-to-end tests of the page. They run in order and build on each other, like a user's session.
import assert from "node:assert/strict";

import { access } from "./access.mjs";
import { choices } from "./choices.mjs";
import { edits } from "./edits.mjs";
import { Program, Visitor } from "./harness.mjs";
import { keyboard } from "./keyboard.mjs";
import { leaving } from "./leaving.mjs";
import { texts } from "./texts.mjs";
import { tiles } from "./tiles.mjs";
import { numbers } from "./numbers.mjs";
import { saving } from "./saving.mjs";
import { secrets } from "./secrets.mjs";
import { sentences } from "./sentences.mjs";

const program = await Program.start();
const visitor = await Visitor.start();

const says = (text) => visitor.page.getByText(text).first().waitFor();
const button = (name) => visitor.page.getByRole("button", { name, exact: true });
const field = (name) => visitor.page.getByLabel(name, { exact: true });
const isFocused = (selector) =>
  visitor.page
    .locator(selector)
    .first()
    .evaluate((node) => node.contains(node.getRootNode().activeElement));
const deleteConfirmed = async () => {
  await button("Delete").click();
  const dialog = visitor.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Delete" }).click();
};

async function story(name, run) {
  process.stdout.write(`${name} … `);
  await run();
  console.log("ok");
}

async function type({ client_id, client_secret }) {
  await field("Client ID *").fill(client_id);
  await field("Client secret *").fill(client_secret);
}

async function overlayIsGone() {
  await visitor.page.getByRole("dialog").waitFor({ state: "detached" });
}

try {
  await story("the vendors are listed", async () => {
    await visitor.open(program.link);
    await says("Choose a vendor");
    await visitor.look("vendors");
  });

  await story("Hotjar: add, check, save, choose", async () => {
    await visitor.page.getByRole("link", { name: /Hotjar/ }).click();
    await button("Add credential").click();
    await visitor.page.getByRole("dialog", { name: "Add new credential" }).waitFor();
    await visitor.look("hotjar-empty");
    await field("Credential name *").fill("Hotjar, marketing");
    const purpose = "Survey answers for the weekly report. Ask Ada before changing it.";
    await field("Credential description").fill(purpose);
    await type(program.sample("a key of a plan with surveys"));
    await button("Check").click();
    await says("Hotjar accepts this credential");
    await visitor.look("hotjar-checked");
    visitor.requests.length = 0;
    await button("Save").click();
    await overlayIsGone();
    const tile = visitor.page.getByRole("button", { name: /Hotjar, marketing/, pressed: true });
    await tile.waitFor();
    await says("https://api.hotjar.io");
    await says(/Expires in \d+ minutes/);
    await visitor.look("hotjar-chosen");
    await button("Refresh session").click();
    await says("The session is new.");
    const steps = visitor.requests.map((request) => request.split("/").at(-1));
    const asked = steps.filter((step) => /^(inspect|session|refresh|access)$/.test(step));
    assert.deepEqual(asked, ["session", "refresh"], "the vendor got no other request");
    await visitor.page.getByRole("button", { name: /Hotjar, marketing.*Works/ }).waitFor();
    await button("Use this credential").click();
    await says("Hotjar, marketing is chosen. You can close this page.");
  });

  await story("a wrong secret is explained, and the entered values are kept", async () => {
    await button("Add credential").click();
    await field("Credential name *").fill("Hotjar, wrong");
    await type({ client_id: "simulated-hotjar-key-1", client_secret: "quite wrong" });
    await button("Check").click();
    await says(
      /Hotjar refused the credential. Check the client secret. If it has expired or was revoked/,
    );
    const link = visitor.page.getByRole("alert").getByRole("link");
    assert.match(await link.getAttribute("href"), /^https:\/\//);
    assert.equal(await field("Client ID *").inputValue(), "simulated-hotjar-key-1");
    assert.equal(await field("Client secret *").inputValue(), "quite wrong");
    await visitor.look("hotjar-refused");
    await button("Save").click();
    await says(/Hotjar refused the credential/);
    await visitor.page.getByRole("dialog").waitFor();
    await button("Save anyway").click();
    await overlayIsGone();
    await says("Not signed in");
    await visitor.page.getByRole("button", { name: /Hotjar, wrong.*Refused/ }).waitFor();
    await visitor.look("hotjar-not-signed-in");
  });

  await story("an edit keeps the saved secret unless a new one is entered", async () => {
    await button("Edit").click();
    await visitor.page.getByRole("dialog", { name: "Edit credential" }).waitFor();
    const secret = await field("Client secret").inputValue();
    assert.equal(secret, "", "the page does not receive the saved secret");
    await visitor.look("hotjar-edit");
    await field("Client secret").fill(program.sample("a key of a plan with surveys").client_secret);
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Hotjar, wrong/ }).click();
    await visitor.page.getByText("Signed in", { exact: true }).first().waitFor();
    await button("Edit").click();
    await field("Credential name *").fill("Hotjar, right");
    await button("Check").click();
    await says("Hotjar accepts this credential");
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Hotjar, right/ }).click();
    await visitor.page.getByText("Signed in", { exact: true }).first().waitFor();
  });

  await story("a duplicate name is rejected", async () => {
    await button("Edit").click();
    await field("Credential name *").fill("Hotjar, marketing");
    await button("Save").click();
    await says("Another credential has this name.");
    await button("Cancel").click();
    await overlayIsGone();
  });

  await story("delete asks for confirmation", async () => {
    await button("Delete").click();
    await says("Delete this credential?");
    await visitor.look("delete");
    await button("Keep it").click();
    await button("Delete").click();
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await says("Hotjar, right is deleted.");
    const tile = visitor.page.getByRole("button", { name: /Hotjar, right/ });
    await tile.waitFor({ state: "detached" });
  });

  await story("Contentsquare: problems are shown at their fields, without a request", async () => {
    await visitor.page.getByRole("link", { name: "Choose another vendor" }).click();
    await visitor.page.getByRole("link", { name: /Contentsquare/ }).click();
    await button("Add credential").click();
    await button("Save").click();
    await says("Give the credential a name");
    const problem = visitor.page.locator("#credential_client_id-error");
    await problem.getByText("This field is required").waitFor();
    const first = "dialog .mantine-TextInput-root";
    assert(await isFocused(first), "the first field with a problem has the focus");
    await visitor.look("contentsquare-problems");
    await field("Credential name *").fill("Contentsquare, shop");
    await type(program.sample("a key of a whole account"));
    await visitor.page.getByRole("checkbox", { name: /^Enrichment/ }).check();
    await visitor.page.getByRole("radio", { name: /^Account/ }).check();
    visitor.requests.length = 0;
    await button("Save").click();
    // A problem is part of its group's or input's description, which screen readers announce.
    await visitor.page.locator("#credential_scopes-error").getByText(/enrichment/i).waitFor();
    const project = visitor.page.locator("#credential_project_id-error");
    await project.getByText(/needs the project/).waitFor();
    const group = visitor.page.locator("#credential_scopes").getByRole("group");
    assert.match(await group.getAttribute("aria-describedby"), /credential_scopes-error/);
    for (const scope of [/^Data Export/, /^Enrichment/]) {
      const box = visitor.page.getByRole("checkbox", { name: scope });
      assert(await box.isChecked(), "the chosen scopes are kept");
    }
    assert(await isFocused("#credential_scopes"), "the first field with a problem has the focus");
    await visitor.look("contentsquare-conditions");
    const others = visitor.requests.filter((request) => !request.endsWith("/validate"));
    assert.deepEqual(others, [], "only validation was requested");
  });

  await story("Contentsquare: after a failed check the project is a plain input", async () => {
    await field("Client secret *").fill("quite wrong");
    await button("Check").click();
    await says(/Contentsquare refused the credential. Check the client secret/);
    assert.equal(await visitor.page.getByRole("combobox").count(), 0);
    await visitor.page.getByRole("textbox", { name: /^Project ID/ }).waitFor();
    await visitor.look("contentsquare-refused");
    await type(program.sample("a key of a whole account"));
  });

  await story("Contentsquare: a check offers the projects and marks the scopes", async () => {
    await visitor.page.getByRole("radio", { name: /^Project/ }).check();
    await button("Check").click();
    await says("Contentsquare accepts this credential");
    await says(/^Credential level is set to the only choice: Account/);
    const account = visitor.page.getByRole("radio", { name: /^Account/ });
    assert(await account.isChecked(), "an account-level credential is recognised");
    await says(/^Change Scopes, or ask an administrator for access to Enrichment/);
    const lacking = /^Enrichment.*not on this key$/;
    const enrichment = visitor.page.getByRole("checkbox", { name: lacking });
    assert(await enrichment.isEnabled(), "a chosen scope can be taken back");
    const project = visitor.page.getByRole("combobox", { name: /Project ID/ });
    assert.equal(await project.inputValue(), "", "the page chooses none of several projects");
    await visitor.look("contentsquare-checked");
    await enrichment.uncheck();
    assert(await enrichment.isDisabled(), "and not chosen again");
    await visitor.page.locator("#credential_scopes-error").waitFor({ state: "detached" });
    await project.click();
    await visitor.page.getByRole("option", { name: /Simulated bank/ }).waitFor();
    await visitor.look("contentsquare-picker");
    await visitor.page.getByRole("option", { name: /Simulated bank/ }).click();
    await visitor.page.locator("#credential_project_id-error").waitFor({ state: "detached" });
    await visitor.look("contentsquare-ready");
    await button("Save").click();
    await overlayIsGone();
    visitor.requests.length = 0;
    await visitor.page.getByRole("button", { name: /Contentsquare, shop/ }).click();
    await says("Simulated bank (4203)");
    const inspected = visitor.requests.some((request) => request.endsWith("/access"));
    assert(!inspected, "the result of the check is reused");
    await says("https://api.eu-west-1.production.contentsquare.com");
    await visitor.look("contentsquare-chosen");
  });

  await story("Contentsquare: edit the scopes, refresh, delete", async () => {
    await button("Edit").click();
    await visitor.page.getByRole("checkbox", { name: /^Metrics/ }).check();
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Contentsquare, shop/ }).click();
    await says("Data Export, Metrics");
    await button("Refresh session").click();
    await says("The session is new.");
  });

  await story("Contentsquare: enrichment with its integration, by keyboard alone", async () => {
    const key = program.sample("a key for enrichment");
    const keys = visitor.page.keyboard;
    await button("Add credential").focus();
    await keys.press("Enter");
    await visitor.page.getByRole("dialog").waitFor();
    await visitor.page.waitForFunction(() =>
      document.activeElement?.shadowRoot?.activeElement?.matches("dialog input"),
    );
    await keys.type("Enrichment");
    for (const text of ["", key.client_id, key.client_secret]) {
      await keys.press("Tab");
      await keys.type(text);
    }
    const until = async (name) => {
      for (let step = 0; step < 20; step += 1) {
        const here = await visitor.page.evaluate(() => {
          const host = document.activeElement;
          const element = host?.shadowRoot?.activeElement ?? host;
          return element?.labels?.[0]?.textContent ?? element?.textContent ?? "";
        });
        if (here.startsWith(name)) return;
        await keys.press("Tab");
      }
      assert.fail(`Tab does not reach ${name}`);
    };
    await until("Data Export");
    await keys.press("Space");
    await until("Enrichment");
    await keys.press("Space");
    await until("Integration ID");
    await keys.type("77");
    await keys.press("Enter");
    // The check sets the only project; a person looks, and saves.
    await says("Look at what was set, then save.");
    await keys.press("Enter");
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /^Enrichment/ }).click();
    await says("https://enrichment-api.eu-west-1.production.contentsquare.com");
    await deleteConfirmed();
    await says("Enrichment is deleted.");
  });

  await story("the page fits a phone", async () => {
    const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
    await visitor.open(program.at("contentsquare"), phone);
    await visitor.page.getByRole("button", { name: /Contentsquare, shop/ }).click();
    await says("Simulated bank (4203)");
    await visitor.look("phone-chosen");
    await button("Edit").click();
    await visitor.page.getByRole("dialog").waitFor();
    await visitor.look("phone-edit");
    const excess = await visitor.page.evaluate(
      () => document.documentElement.scrollWidth - innerWidth,
    );
    assert.equal(excess, 0, "nothing is wider than the screen");
  });

  const account = program.sample("a key of a whole account");
  await numbers(visitor, program.at("contentsquare"), account, story);
  await keyboard(visitor, program, story);
  await choices(visitor, program, story);
  await secrets(visitor, program, story);
  await sentences(visitor, program, story);
  await saving(visitor, program, story);
  await leaving(visitor, program, story);
  await tiles(visitor, program, story);
  await texts(visitor, program, story);
  await edits(visitor, program, story);
  await access(visitor, program, story);

  await story("the store, the output and the browser have no secret and no token", async () => {
    const places = {
      store: await program.kept(),
      output: program.output,
      browser: await visitor.known(),
    };
    const secrets = program.samples.map((sample) => sample.client_secret);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of [...secrets, "quite wrong"]) {
        const inJson = JSON.stringify(secret).slice(1, -1);
        for (const shape of [secret, inJson, encodeURIComponent(secret)]) {
          assert(!text.includes(shape), `a secret is in the ${place}`);
        }
      }
      assert(!/simulated-token-/.test(text), `a token is in the ${place}`);
    }
    const printed = program.output.split(program.token).length - 1;
    assert.equal(printed, 1, "the page's token is in the printed link only");
    assert(!places.store.includes(program.token), "the page's token is not stored");
    const answers = (await Promise.all(visitor.answers)).join("\n");
    assert(!answers.includes(program.token), "no answer has the page's token");
  });
} catch (error) {
  const path = new URL("shots/failed.png", import.meta.url).pathname;
  await visitor.page?.screenshot({ path }).catch(() => {});
  console.error(`\n${visitor.warnings.join("\n")}`);
  program.child.kill("SIGINT");
  await visitor.browser.close();
  throw error;
}
await visitor.stop();
await program.stop();
