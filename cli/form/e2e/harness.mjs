// Starts `connector form` and a browser for it. Fails on accessibility violations and on errors of
// the page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, "../../..");
const SHOTS = path.join(HERE, "shots");
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Waits until the element has the focus, in the page or in the shadow root of a form. */
export async function hasFocus(element) {
  const isFocused = (node) => node === node.getRootNode().activeElement;
  for (let tries = 0; tries < 100 && !(await element.evaluate(isFocused)); tries += 1) {
    await element.evaluate(() => new Promise(requestAnimationFrame));
  }
  assert(await element.evaluate(isFocused), `the focus is on ${element}`);
}

/** The program with its own store, and all of its output. */
export class Program {
  /** `env` adds to the environment, `options` to the command line. */
  static async start(options = [], env = {}) {
    const program = new Program();
    program.dir = await mkdtemp(path.join(tmpdir(), "connector-e2e-"));
    program.store = path.join(program.dir, "data/credentials.db");
    program.output = "";
    const target = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target");
    const binary = path.join(target, "debug/connector");
    program.child = spawn(binary, ["form", "--store", program.store, ...options], {
      env: {
        ...process.env,
        ...env,
        HOME: program.dir,
        XDG_CONFIG_HOME: path.join(program.dir, "config"),
        XDG_DATA_HOME: path.join(program.dir, "data"),
        // The page is built once, with the user's npm.
        XDG_CACHE_HOME: path.join(target, "e2e-cache"),
        npm_config_cache: path.join(homedir(), ".npm"),
        npm_config_userconfig: path.join(homedir(), ".npmrc"),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    program.child.stderr.on("data", (chunk) => {
      program.output += chunk;
      process.stderr.write(chunk);
    });
    // Not only up to the line with the address: later output is searched too.
    program.child.stdout.on("data", (chunk) => {
      program.output += chunk;
    });
    const link = /(http:\/\/127\.0\.0\.1:\d+)\/#\/\?token=([\w-]+)/;
    while (!link.test(program.output) && program.child.exitCode === null) {
      await once(program.child.stdout, "data");
    }
    [program.link, program.origin, program.token] = link.exec(program.output) ?? [];
    program.samples = [];
    for (const [, file, shows] of program.output.matchAll(/^ {2}(\S+\.json) {2}(.+)$/gm)) {
      program.samples.push({ shows, ...JSON.parse(await readFile(file, "utf8")) });
    }
    assert(program.link, `the program printed no address:\n${program.output}`);
    return program;
  }

  /** The link to this route of the page. */
  at(route) {
    return `${this.origin}/#/${route}?token=${this.token}`;
  }

  /** The sample with this title. */
  sample(shows) {
    const found = this.samples.find((sample) => sample.shows === shows);
    assert(found, `there is no sample "${shows}"`);
    return found;
  }

  async stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGINT");
    assert.equal(await ended, 0, "Ctrl-C ends the program with status 0");
    await rm(this.dir, { recursive: true });
  }

  /** All bytes below the folder of the store, including keys and journals. */
  async kept() {
    const files = await readdir(this.dir, { recursive: true, withFileTypes: true });
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFile(path.join(file.parentPath, file.name), "latin1"));
    assert(texts.length > 0, "the store has files");
    return (await Promise.all(texts)).join("\n");
  }
}

/** A browser that records all responses, and every warning and error of the page. */
export class Visitor {
  static async start() {
    const visitor = new Visitor();
    visitor.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    await mkdir(SHOTS, { recursive: true });
    visitor.warnings = [];
    visitor.answers = [];
    visitor.stored = [];
    visitor.requests = [];
    return visitor;
  }

  async open(url, options = {}) {
    if (this.page) this.stored.push(await this.storage());
    await this.context?.close();
    this.context = await this.browser.newContext({
      viewport: { width: 1040, height: 860 },
      locale: "en-GB",
      ...options,
    });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(15_000);
    this.page.on("pageerror", (error) => this.warnings.push(String(error)));
    this.page.on("console", (message) => {
      // API errors are part of the tests; the page shows them.
      const expected = /Failed to load resource.*(status of (401|404|409|422|502)|ERR_FAILED)/;
      const refusal = expected.test(message.text());
      if (["error", "warning"].includes(message.type()) && !refusal) {
        this.warnings.push(message.text());
      }
    });
    this.page.on("request", (request) => {
      this.requests.push(`${request.method()} ${new URL(request.url()).pathname}`);
    });
    this.page.on("response", (response) => {
      const text = response.text().catch(() => "");
      this.answers.push(text.then((text) => JSON.stringify(response.headers()) + text));
    });
    await this.page.goto(url);
    return this.page;
  }

  /** The data that the page stores in the browser. */
  storage() {
    return this.page.evaluate(() => {
      // An empty page has no storage.
      if (location.protocol === "about:") return "";
      try {
        sessionStorage.length;
      } catch {
        return ""; // A test took the storage away.
      }
      return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]);
    });
  }

  /** Everything that the browser received or stored. */
  async known() {
    const answers = await Promise.all(this.answers);
    const listed = answers.some((answer) => answer.includes('"secrets":["client_secret"]'));
    assert(listed, "responses about credentials were recorded");
    return [...answers, ...this.stored, await this.storage()].join("\n");
  }

  /** Checks the screen in both themes by all rules of axe, and saves screenshots. */
  async look(name) {
    for (const scheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await this.page.waitForFunction((scheme) => {
        const forms = [...document.querySelectorAll("connector-form")];
        const roots = forms.map((form) => form.shadowRoot?.querySelector("[lang]"));
        const page = document.documentElement.dataset.mantineColorScheme;
        const themes = roots.filter((root) => root).map((root) => root.dataset.mantineColorScheme);
        return [page ?? scheme, ...themes].every((theme) => theme === scheme);
      }, scheme);
      await this.page.evaluate(() => {
        const forms = [...document.querySelectorAll("connector-form")];
        const roots = [document, ...forms.flatMap(({ shadowRoot }) => shadowRoot ?? [])];
        const running = roots.flatMap((root) => root.getAnimations());
        return Promise.all(running.map(({ finished }) => finished.catch(() => {})));
      });
      await this.page.screenshot({ path: path.join(SHOTS, `${name}-${scheme}.png`) });
      // Through the debugger: the content security policy blocks other scripts.
      await this.page.evaluate(AXE);
      const { violations } = await this.page.evaluate(() =>
        globalThis.axe.run(document, { resultTypes: ["violations"] }),
      );
      const found = violations.map(({ id, nodes }) => {
        const places = nodes.map((node) => `${node.html} (${node.failureSummary})`);
        return `${id}: ${places.join("\n  ")}`;
      });
      assert.deepEqual(found, [], `axe on ${name}, ${scheme}`);
    }
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  }

  async stop() {
    await this.browser.close();
    assert.deepEqual(this.warnings, [], "the browser's console has no warnings");
  }
}
