// End-to-end tests of texts: names of any length and direction, pauses in words, the empty state.
import assert from "node:assert/strict";

import { many, stub } from "./stub.mjs";

const LONG = "Ω".repeat(100);
const HEBREW = "מפתח שיווק (2026)";
const ARABIC = "مفتاح التسويق";

/** Runs the tests at the page of this program. */
export async function texts(visitor, program, story) {
  const page = () => visitor.page;
  const says = (text) => page().getByText(text).first().waitFor();
  const button = (name) => page().getByRole("button", { name, exact: true });
  const open = async (saved, options = {}) => {
    await visitor.open("about:blank", options);
    await stub(page(), {}, saved);
    await page().goto(program.at("acme"));
  };

  await story("names of any length and direction fit, on a phone too", async () => {
    const saved = many(3);
    [LONG, HEBREW, ARABIC].forEach((name, index) => {
      Object.assign(saved[index], { name, description: `${name} ${name}` });
    });
    for (const viewport of [
      { width: 1040, height: 860 },
      { width: 320, height: 740 },
    ]) {
      await open(saved, { viewport });
      for (const name of [LONG, HEBREW, ARABIC]) {
        await page().getByRole("button", { name: new RegExp(`^${name.slice(0, 4)}`) }).click();
        await says("Does not expire");
        await page().getByRole("heading", { name }).waitFor();
        const excess = await page().evaluate(
          () => document.documentElement.scrollWidth - innerWidth,
        );
        assert(excess <= 0, `${name} is ${excess} pixels too wide at ${viewport.width}`);
      }
      const heading = page().getByRole("heading", { name: ARABIC });
      const direction = await heading.evaluate((node) => getComputedStyle(node).direction);
      assert.equal(direction, "rtl");
      await visitor.look(`names-${viewport.width}`);
    }
  });

  await story("a pause is told in words that a person counts in", async () => {
    await open(many(1));
    for (const [seconds, words] of [
      [1, "in 1 second."],
      [90, "in 90 seconds."],
      [60, "in 1 minute."],
      [150, "in 3 minutes."],
      [3600, "in 1 hour."],
      [86400, "in 1 day."],
      [172800, "in 2 days."],
    ]) {
      const json = { error: { kind: "throttled", seconds } };
      await page().route("**/api/credentials/1/refresh*", (route) =>
        route.fulfill({ status: 502, json }),
      );
      if (seconds === 1) await page().getByRole("button", { name: /Credential 001/ }).click();
      await page().getByRole("button", { name: /^(Refresh session|Try again)$/ }).click();
      await says(`Acme received too many requests. Try again ${words}`);
      await page().unroute("**/api/credentials/1/refresh*");
    }
    await visitor.look("throttled");
  });

  await story("without a credential, the page says what one is and who makes one", async () => {
    await open([]);
    await says("No credentials yet");
    await says(/A credential is a key that Acme issues/);
    await says(/An administrator of your Acme account can create one\./);
    await visitor.look("none");
    await button("Add credential").click();
    await page().getByRole("dialog", { name: "Add new credential" }).waitFor();
    await visitor.open(program.link);
    await page().getByText("Connector", { exact: true }).waitFor();
    const monogram = page().getByRole("link", { name: /Hotjar/ }).locator(".monogram");
    assert.equal(await monogram.innerText(), "H");
    await visitor.open("about:blank");
  });
}
