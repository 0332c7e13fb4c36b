// The stories that the page must show, from the first tile to the last, as a person goes through them.
import assert from "node:assert/strict";

import { Program, Visitor } from "./harness.mjs";

const program = await Program.start();
const visitor = await Visitor.start();

const says = (text) => visitor.page.getByText(text).first().waitFor();
const button = (name) => visitor.page.getByRole("button", { name, exact: true });
const field = (name) => visitor.page.getByLabel(name, { exact: true });
const focused = () => visitor.page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);

async function story(name, tell) {
  process.stdout.write(`${name} … `);
  await tell();
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
    await visitor.open(program.url);
    await says("Choose a vendor");
    await visitor.look("vendors");
  });

  await story("Hotjar: add, check, save, choose", async () => {
    await visitor.page.getByRole("link", { name: /Hotjar/ }).click();
    await button("Add Credential").click();
    await visitor.page.getByRole("dialog", { name: "Add New Credential" }).waitFor();
    await visitor.look("hotjar-empty");
    await field("Credential Name *").fill("Hotjar, marketing");
    await field("Credential Description").fill("Survey answers for the weekly report. Ask Ada before changing it.");
    await type(program.sample("a key of a plan with surveys"));
    await button("Check").click();
    await says("Hotjar accepts this key");
    await visitor.look("hotjar-checked");
    await button("Save").click();
    await overlayIsGone();
    const tile = visitor.page.getByRole("button", { name: /Hotjar, marketing/ });
    await tile.click();
    await says("https://api.hotjar.io");
    await says(/Expires in \d+ minutes/);
    await visitor.look("hotjar-chosen");
    await button("Refresh session").click();
    await says("The session is new.");
  });

  await story("a wrong secret is explained, and what was typed stays", async () => {
    await button("Add Credential").click();
    await field("Credential Name *").fill("Hotjar, wrong");
    await type({ client_id: "simulated-hotjar-key-1", client_secret: "quite wrong" });
    await button("Check").click();
    await says(/Hotjar refused the credential. Check the client secret; in Hotjar a key may have expired after a year/);
    const link = visitor.page.getByRole("alert").getByRole("link");
    assert.match(await link.getAttribute("href"), /^https:\/\//);
    assert.equal(await field("Client ID *").inputValue(), "simulated-hotjar-key-1");
    assert.equal(await field("Client secret *").inputValue(), "quite wrong");
    await visitor.look("hotjar-refused");
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Hotjar, wrong/ }).click();
    await says("Not signed in");
    await visitor.look("hotjar-not-signed-in");
  });

  await story("an edit keeps the secret that is left blank, and takes a new one", async () => {
    await button("Edit").click();
    await visitor.page.getByRole("dialog", { name: "Edit Credential" }).waitFor();
    assert.equal(await field("Client secret").inputValue(), "", "the saved secret does not come back");
    await visitor.look("hotjar-edit");
    await field("Client secret").fill(program.sample("a key of a plan with surveys").client_secret);
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Hotjar, wrong/ }).click();
    await visitor.page.getByText("Signed in", { exact: true }).first().waitFor();
    await button("Edit").click();
    await field("Credential Name *").fill("Hotjar, right");
    await button("Check").click();
    await says("Hotjar accepts this key");
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Hotjar, right/ }).click();
    await visitor.page.getByText("Signed in", { exact: true }).first().waitFor();
  });

  await story("a name serves once", async () => {
    await button("Edit").click();
    await field("Credential Name *").fill("Hotjar, marketing");
    await button("Save").click();
    await says("Another credential has this name.");
    await button("Cancel").click();
    await overlayIsGone();
  });

  await story("delete asks first", async () => {
    await button("Delete").click();
    await says("Delete this credential?");
    await visitor.look("delete");
    await button("Keep it").click();
    await button("Delete").click();
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await says("Hotjar, right is deleted.");
    await visitor.page.getByRole("button", { name: /Hotjar, right/ }).waitFor({ state: "detached" });
  });

  await story("Contentsquare: problems stand at their fields, before any request", async () => {
    await visitor.page.getByRole("link", { name: "Choose another vendor" }).click();
    await visitor.page.getByRole("link", { name: /Contentsquare/ }).click();
    await button("Add Credential").click();
    await button("Save").click();
    await says("Give the credential a name");
    await visitor.page.locator("#credential_client_id-error").getByText("This field is required").waitFor();
    assert.match(await focused(), /./);
    assert.equal(await visitor.page.evaluate(() => document.activeElement === document.querySelector("[role=dialog] input")), true, "focus is at the first problem");
    await visitor.look("contentsquare-problems");
    await field("Credential Name *").fill("Contentsquare, shop");
    await type(program.sample("a key of a whole account"));
    await visitor.page.getByRole("checkbox", { name: /^Enrichment/ }).check();
    await visitor.page.getByRole("radio", { name: /^Account/ }).check();
    visitor.asked.length = 0;
    await button("Save").click();
    // At the field itself, as a screen reader is told: in the description of the group or of the input.
    await visitor.page.locator("#credential_scopes-error").getByText(/enrichment/i).waitFor();
    await visitor.page.locator("#credential_project_id-error").getByText(/needs the project/).waitFor();
    const group = visitor.page.locator("#credential_scopes").getByRole("group");
    assert.match(await group.getAttribute("aria-describedby"), /credential_scopes-error/);
    for (const scope of [/^Data Export/, /^Enrichment/]) {
      assert(await visitor.page.getByRole("checkbox", { name: scope }).isChecked(), "what was chosen stays");
    }
    assert.equal(await visitor.page.evaluate(() => document.querySelector("#credential_scopes").contains(document.activeElement)), true, "focus is at the first problem");
    await visitor.look("contentsquare-conditions");
    assert.deepEqual(visitor.asked.filter((call) => !call.endsWith("/validate")), [], "nothing was asked but whether it is right");
  });

  await story("Contentsquare: a check that fails says why, and leaves a plain input", async () => {
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
    await says("Contentsquare accepts this key");
    await says("the level above was set to that");
    assert(await visitor.page.getByRole("radio", { name: /^Account/ }).isChecked(), "an account-level key is recognised");
    await says("Take enrichment out of the scopes");
    await says(/this key has no enrichment/);
    assert.equal(await visitor.page.getByRole("combobox", { name: /Project ID/ }).inputValue(), "", "no project is chosen by itself");
    await visitor.look("contentsquare-checked");
    await visitor.page.getByRole("checkbox", { name: /^Enrichment/ }).uncheck();
    await visitor.page.locator("#credential_scopes-error").waitFor({ state: "detached" });
    await visitor.page.getByRole("combobox", { name: /Project ID/ }).click();
    await visitor.page.getByRole("option", { name: /Simulated bank/ }).waitFor();
    await visitor.look("contentsquare-picker");
    await visitor.page.getByRole("option", { name: /Simulated bank/ }).click();
    await visitor.page.locator("#credential_project_id-error").waitFor({ state: "detached" });
    await visitor.look("contentsquare-ready");
    await button("Save").click();
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /Contentsquare, shop/ }).click();
    await says("Simulated bank (4203)");
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
    await button("Add Credential").focus();
    await keys.press("Enter");
    await visitor.page.getByRole("dialog").waitFor();
    await visitor.page.waitForFunction(() => document.activeElement?.matches("[role=dialog] input"));
    await keys.type("Enrichment");
    for (const text of ["", key.client_id, key.client_secret]) {
      await keys.press("Tab");
      await keys.type(text);
    }
    const until = async (name) => {
      for (let step = 0; step < 20; step += 1) {
        const here = await visitor.page.evaluate(() => document.activeElement?.labels?.[0]?.textContent ?? document.activeElement?.textContent ?? "");
        if (here.startsWith(name)) return;
        await keys.press("Tab");
      }
      assert.fail(`Tab never comes to ${name}`);
    };
    await until("Data Export");
    await keys.press("Space");
    await until("Enrichment");
    await keys.press("Space");
    await until("Integration ID");
    await keys.type("77");
    await keys.press("Enter");
    await overlayIsGone();
    await visitor.page.getByRole("button", { name: /^Enrichment/ }).click();
    await says("https://enrichment-api.eu-west-1.production.contentsquare.com");
    await button("Delete").click();
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await says("Enrichment is deleted.");
  });

  await story("a phone shows the same", async () => {
    await visitor.open(`${program.url}#/contentsquare`, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await visitor.page.getByRole("button", { name: /Contentsquare, shop/ }).click();
    await says("Simulated bank (4203)");
    await visitor.look("phone-chosen");
    await button("Edit").click();
    await visitor.page.getByRole("dialog").waitFor();
    await visitor.look("phone-edit");
    const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(wide, 0, "nothing sticks out");
  });

  await story("no secret and no token is anywhere to be found", async () => {
    const places = { store: await program.kept(), words: program.said, browser: await visitor.known() };
    const secrets = program.samples.map((sample) => sample.client_secret);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of [...secrets, "quite wrong"]) {
        for (const shape of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
          assert(!text.includes(shape), `a secret is in the ${place}`);
        }
      }
      assert(!/simulated-token-/.test(text), `a token is in the ${place}`);
    }
  });
} catch (error) {
  await visitor.page?.screenshot({ path: new URL("shots/failed.png", import.meta.url).pathname }).catch(() => {});
  console.error(`\n${visitor.complaints.join("\n")}`);
  program.child.kill("SIGINT");
  await visitor.browser.close();
  throw error;
}
await visitor.stop();
await program.stop();
