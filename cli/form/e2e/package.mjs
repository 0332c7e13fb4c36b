// End-to-end tests of the package `connector-form` at its example page, which a plain server serves
// as anybody's page; the client comes from another origin.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { hasFocus, Visitor } from "./harness.mjs";

const PACKAGE = fileURLToPath(new URL("../../../packages/connector-form", import.meta.url));

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** Serves the files of the package. */
async function serve(headers, rename = (file) => file) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = path.join(PACKAGE, path.normalize(rename(pathname)));
    try {
      const body = await readFile(file);
      const type = TYPES[path.extname(file)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, ...headers() }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

const clients = await serve(() => ({ "access-control-allow-origin": "*" }));
// A strict policy: no style elements, no requests. The page's own style sheet is a file.
const pages = await serve(() => ({
  "content-security-policy":
    `default-src 'none'; script-src 'self' ${clients.origin}; style-src 'self'; ` +
    "img-src data:; base-uri 'none'; form-action 'none'",
}));
const visitor = await Visitor.start();

const page = () => visitor.page;
const field = (name) => page().getByLabel(name, { exact: true });
const button = (name) => page().getByRole("button", { name, exact: true });
const dialog = (name) => page().getByRole("dialog", { name });
const says = (text) => page().getByText(text).first().waitFor();
const gone = (element) => element.waitFor({ state: "detached" });
const form = () => page().locator("connector-form");

async function story(name, run) {
  process.stdout.write(`connector-form: ${name} … `);
  await run();
  console.log("ok");
}

/** Opens the example page, whose client comes from the other origin. */
async function open(options = {}) {
  await visitor.open("about:blank", options);
  // The client of the page is that of the other origin.
  const body = `export { client } from "${clients.origin}/example/client.js";`;
  await page().route(`${pages.origin}/example/client.js`, (route) =>
    route.fulfill({ body, contentType: "text/javascript" }),
  );
  await page().goto(`${pages.origin}/example/index.html`);
  await page().waitForFunction(() => document.querySelector("connector-form").client);
  await page().evaluate(() => {
    const element = document.querySelector("connector-form");
    globalThis.events = [];
    for (const name of ["checked", "saved", "closed"]) {
      element.addEventListener(name, ({ detail }) => globalThis.events.push([name, detail]));
    }
  });
}

const events = () => page().evaluate(() => globalThis.events);
const has = (element) => element.evaluate((node) => node === node.getRootNode().activeElement);

/** Everything of the page that styles and scripts of the form could change. */
const surroundings = () =>
  page().evaluate(() => {
    const styled = ["html", "body", "h1", "#add", "p"].map((selector) => {
      const style = getComputedStyle(document.querySelector(selector));
      const names = "font color background margin padding border position overflow width cursor";
      return names.split(" ").map((name) => `${name}: ${style.getPropertyValue(name)}`);
    });
    return {
      styled,
      head: document.head.innerHTML,
      elements: [...document.body.children].map(({ tagName }) => tagName),
      root: document.documentElement.getAttributeNames(),
      body: document.body.getAttributeNames(),
      sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
      storage: [localStorage.length, sessionStorage.length, document.cookie],
      history: history.length,
    };
  });

/** The dependencies of a folder's package, with their versions. */
async function versions(folder) {
  const text = await readFile(path.join(folder, "package.json"), "utf8");
  const { dependencies, devDependencies } = JSON.parse(text);
  return { ...dependencies, ...devDependencies };
}

try {
  await story("the page builds it with the versions that the package is tested with", async () => {
    const page = await versions(fileURLToPath(new URL("..", import.meta.url)));
    for (const [name, version] of Object.entries(await versions(PACKAGE))) {
      assert.equal(page[name], version, name);
    }
  });

  await story("a person chooses a vendor, checks and saves", async () => {
    await open();
    await button("Add a connection").click();
    await dialog("Choose a vendor").waitFor();
    await visitor.look("package-vendors");
    await button("Acme Sites and their visitors").click();
    await dialog("Add a connection").waitFor();
    await hasFocus(field("Credential name *"));
    await visitor.look("package-empty");
    await field("Credential name *").fill("Shop");
    await field("Key *").fill("demo");
    await field("Password *").fill("wrong");
    await button("Check").click();
    await says("Acme refused the credential. Check the password.");
    await visitor.look("package-refused");
    await field("Password *").fill("demo");
    await button("Check").click();
    await says("Acme accepts this credential");
    await says("It belongs to Ada's key.");
    await page().getByRole("combobox", { name: "Site" }).click();
    await visitor.look("package-choices");
    await page().getByRole("option", { name: "Shop (42)" }).click();
    await visitor.look("package-checked");
    await button("Save").click();
    await gone(page().getByRole("dialog"));
    await says("Shop is saved.");
    await hasFocus(button("Add a connection"));
    const all = await events();
    assert.deepEqual(
      all.map(([name]) => name),
      ["checked", "checked", "saved", "closed"],
    );
    assert.deepEqual(all[0][1], {
      vendor: "acme",
      reason: { kind: "rejected", confirmed: true },
    });
    assert.equal(all[1][1].access.identity, "Ada's key");
    const { saved, access } = all[2][1];
    assert.deepEqual(saved.fields, { key: "demo", region: "eu", site: 42 });
    assert.equal(access.identity, "Ada's key");
    assert(!JSON.stringify(all).includes("password\":"), "no event has a secret");
  });

  await story("an edit keeps a blank secret, and starts with the saved values", async () => {
    await button("Edit Shop").click();
    await dialog("Edit credential").waitFor();
    assert.equal(await field("Key *").inputValue(), "demo");
    assert.equal(await field("Password").inputValue(), "");
    await field("Credential name *").fill("Shop, edited");
    await button("Save").click();
    await gone(page().getByRole("dialog"));
    await button("Edit Shop, edited").waitFor();
    const [, { saved }] = (await events()).findLast(([name]) => name === "saved");
    assert.deepEqual(saved.secrets, ["password"]);
    const { access } = (await events()).findLast(([name]) => name === "saved")[1];
    assert.equal(access?.identity, "Ada's key", "Save checked by itself");
    // The next one starts empty.
    await button("Add a connection").click();
    await button("Acme Sites and their visitors").click();
    assert.equal(await field("Credential name *").inputValue(), "");
    await button("Cancel").click();
    await gone(page().getByRole("dialog"));
  });

  await story("the whole way works by keyboard alone", async () => {
    await open();
    const keys = page().keyboard;
    await keys.press("Tab");
    await hasFocus(button("Add a connection"));
    await keys.press("Enter");
    await dialog("Choose a vendor").waitFor();
    await hasFocus(button("Acme Sites and their visitors"));
    await keys.press("Tab");
    await keys.press("Enter");
    await hasFocus(field("Credential name *"));
    await keys.press("Escape");
    await gone(page().getByRole("dialog"));
    await hasFocus(button("Add a connection"));
    await keys.press("Space");
    await hasFocus(button("Acme Sites and their visitors"));
    await keys.press("Space");
    await hasFocus(field("Credential name *"));
    await keys.type("By keyboard");
    for (const text of ["", "demo", "demo"]) {
      await keys.press("Tab");
      await keys.type(text);
    }
    const until = async (element) => {
      for (let step = 0; step < 20 && !(await has(element)); step += 1) await keys.press("Tab");
      await hasFocus(element);
    };
    await until(page().getByRole("radio", { name: "Europe" }));
    await keys.press("ArrowDown");
    assert(await page().getByRole("radio", { name: "America" }).isChecked());
    await until(button("Check"));
    await keys.press("Enter");
    await says("Acme accepts this credential");
    const site = page().getByRole("combobox", { name: "Site" });
    for (let step = 0; step < 20 && !(await has(site)); step += 1) await keys.press("Shift+Tab");
    await keys.press("ArrowDown");
    await keys.press("Escape");
    await dialog("Add a connection").waitFor();
    assert.equal(await dialog("Discard your changes?").count(), 0, "Escape closed the list only");
    await keys.press("ArrowDown");
    await keys.press("ArrowDown");
    await keys.press("Enter");
    assert.equal(await site.inputValue(), "Blog (43)");
    await keys.press("Escape");
    await dialog("Discard your changes?").waitFor();
    await hasFocus(button("Keep editing"));
    await keys.press("Escape");
    await gone(dialog("Discard your changes?"));
    // Escape again, and nothing in between: some browsers would close the dialog at once.
    await keys.press("Escape");
    await dialog("Discard your changes?").waitFor();
    await keys.press("Enter");
    await hasFocus(site);
    await until(button("Save"));
    await keys.press("Enter");
    await gone(page().getByRole("dialog"));
    await says("By keyboard is saved.");
    await hasFocus(button("Add a connection"));
  });

  await story("the form stays a dialog when the browser closes it", async () => {
    await open();
    await button("Add a connection").click();
    await button("Globex Surveys").click();
    await field("Credential name *").fill("Mine");
    // A gesture of a phone, to which no page can object.
    await dialog("Add a connection").evaluate((node) => node.close());
    await dialog("Discard your changes?").waitFor();
    await visitor.look("package-discard");
    await button("Keep editing").click();
    assert.equal(await field("Credential name *").inputValue(), "Mine");
    await button("Choose another vendor").click();
    await button("Discard").click();
    await dialog("Choose a vendor").waitFor();
    await page().keyboard.press("Escape");
    await gone(page().getByRole("dialog"));
    assert.deepEqual((await events()).map(([name]) => name), ["closed"]);
  });

  await story("styles of the page and of the form do not meet", async () => {
    await open({ reducedMotion: "reduce" });
    const before = await surroundings();
    await button("Add a connection").click();
    await button("Acme Sites and their visitors").click();
    await field("Key *").fill("demo");
    await field("Password *").fill("demo");
    await button("Check").click();
    await says("Acme accepts this credential");
    const during = await surroundings();
    const style = (element, name) =>
      element.evaluate((node, name) => getComputedStyle(node).getPropertyValue(name), name);
    const title = page().getByRole("heading", { name: "Add a connection" });
    assert.equal(await style(title, "letter-spacing"), "normal");
    assert.equal(await style(button("Save"), "text-transform"), "none");
    assert.equal(await style(button("Save"), "background-color"), "rgb(107, 33, 168)");
    assert.equal(await style(field("Key *"), "font-size"), "14px", "not 62.5% of it");
    assert.equal(await style(field("Key *"), "height"), "36px");
    assert.match(await style(field("Key *"), "font-family"), /Georgia/);
    await button("Cancel").click();
    await gone(page().getByRole("dialog"));
    const after = await surroundings();
    assert.deepEqual(during, before, "the page is the same while the form is open");
    assert.deepEqual(after, before, "and after it is closed");
  });

  await story("keys that are typed into the form do not reach the page", async () => {
    await open();
    await page().evaluate(() => {
      globalThis.keys = [];
      for (const type of ["keydown", "keyup"]) {
        document.addEventListener(type, ({ key }) => globalThis.keys.push(key));
      }
    });
    await button("Add a connection").click();
    await button("Globex Surveys").click();
    await field("Credential name *").pressSequentially("a?");
    await page().keyboard.press("Escape");
    await dialog("Discard your changes?").waitFor();
    assert.deepEqual(await page().evaluate(() => globalThis.keys), []);
  });

  await story("attributes choose the vendor, the language and the colours", async () => {
    await open({ colorScheme: "light" });
    await form().evaluate((element) => {
      element.vendor = "globex";
      element.setAttribute("locales", "fr-CA, en");
      element.setAttribute("color-scheme", "dark");
      element.messages = { save: "Ranger" };
      element.open = true;
    });
    await dialog("Ajouter un identifiant").waitFor();
    assert.equal(await button("Vérifier").count(), 0, "Globex has no check");
    await button("Ranger").click();
    await says("Donnez à l’identifiant un nom qui permette de le retrouver.");
    const back = await dialog("Ajouter un identifiant").evaluate(
      (node) => getComputedStyle(node).backgroundColor,
    );
    assert.equal(back, "rgb(32, 35, 42)");
    await form().evaluate((element) => element.setAttribute("color-scheme", "light"));
    await page().waitForFunction(() => {
      const { shadowRoot } = document.querySelector("connector-form");
      const style = getComputedStyle(shadowRoot.querySelector("dialog"));
      return style.backgroundColor === "rgb(255, 255, 255)";
    });
    await form().evaluate((element) => {
      element.open = false;
      element.vendor = "initech";
      element.removeAttribute("locales");
      element.open = true;
    });
    await says("initech cannot be chosen here.");
    await form().evaluate((element) => element.remove());
    await gone(form());
  });

  await story("an icon is an image of its own, and no address to load", async () => {
    await open();
    await page().evaluate(() => {
      const element = document.querySelector("connector-form");
      const icons = {
        Within: "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        Outside: "https://tracker.test/icon.png",
        Script: "javascript:alert(1)",
        Without: undefined,
      };
      const vendors = Object.entries(icons).map(([name, icon]) => {
        return { id: name, inspection: "none", name, icon };
      });
      element.client = { ...element.client, vendors: async () => vendors };
      element.open = true;
    });
    await dialog("Choose a vendor").waitFor();
    assert.equal(await button("Within").locator("img").count(), 1);
    for (const [name, letter] of [["Outside", "O"], ["Script", "S"], ["Without", "W"]]) {
      await page().getByRole("button", { name }).locator(".monogram").getByText(letter).waitFor();
    }
    assert.equal(await page().locator("img").count(), 1);
  });

  await story("the client gets the languages, and a signal that ends with the form", async () => {
    await open();
    const calls = await page().evaluate(async () => {
      const element = document.querySelector("connector-form");
      const { client } = element;
      const made = [];
      const noting = (name) => (...given) => {
        made.push([name, given.at(-1)]);
        return name === "inspect" ? new Promise(() => {}) : client[name](...given);
      };
      const names = ["vendors", "schema", "validate", "inspect", "save"];
      element.client = Object.fromEntries(names.map((name) => [name, noting(name)]));
      element.vendor = "acme";
      globalThis.made = made;
      element.open = true;
    });
    assert.equal(calls, undefined);
    await field("Key *").fill("demo");
    await field("Password *").fill("demo");
    await button("Check").click();
    await says("Checking with Acme …");
    await form().evaluate((element) => element.remove());
    await page().waitForFunction(() => {
      const inspect = globalThis.made.find(([name]) => name === "inspect");
      return inspect[1].signal.aborted;
    });
    const made = await page().evaluate(() =>
      globalThis.made.map(([name, { locales }]) => [name, locales]),
    );
    // A pause in typing validates too.
    const names = made.map(([name]) => name).filter((name) => name !== "validate");
    assert.deepEqual(names, ["vendors", "schema", "inspect"]);
    for (const [name, locales] of made) assert.deepEqual(locales, ["en-GB"], name);
  });
} catch (error) {
  const shot = new URL("shots/failed-package.png", import.meta.url).pathname;
  await visitor.page?.screenshot({ path: shot }).catch(() => {});
  console.error(`\n${visitor.warnings.join("\n")}`);
  await visitor.browser.close();
  throw error;
} finally {
  clients.server.close();
  pages.server.close();
}
await visitor.stop();
