// End-to-end tests of the sentences for failures: each names the right cause and the next step.
import assert from "node:assert/strict";

import { stub } from "./stub.mjs";

/** The reason from the server, parts of the sentence, and words that would name another cause. */
const REASONS = [
  [{ kind: "rejected", confirmed: true }, ["refused the credential", "pass word"], /firewall/],
  [{ kind: "rejected", confirmed: false }, ["refused the credential", "A firewall or a fault"]],
  [
    { kind: "forbidden", confirmed: true },
    ["knows the credential", "ask an administrator for more access"],
    /firewall|pass word/,
  ],
  [{ kind: "throttled", seconds: 60 }, ["too many requests", "in 1 minute"], /pass word/],
  [{ kind: "unavailable" }, ["cannot answer now", "Try again later"], /refused/],
  [{ kind: "unreachable", stage: "dns" }, ["name could not be resolved", "network"], /pass word/],
  [{ kind: "unreachable", stage: "connect" }, ["no connection could be opened"], /pass word/],
  [{ kind: "unreachable", stage: "proxy" }, ["the proxy gave no connection"], /certificate/],
  [{ kind: "unreachable", stage: "tls" }, ["no secure connection"], /certificate/],
  [
    { kind: "unreachable", stage: "certificate" },
    ["its certificate was not accepted", "Ask your administrator"],
    /network connection/,
  ],
  [{ kind: "unreachable", stage: "timeout" }, ["it took too long"], /pass word/],
  [{ kind: "unreachable", stage: "cut-off" }, ["the connection was cut off"], /pass word/],
  [{ kind: "unreachable", stage: "protocol" }, ["the answer was not HTTP"], /pass word/],
  [{ kind: "unreachable", stage: "new" }, ["No answer came from Acme. Check"], /undefined/],
  [{ kind: "denied" }, ["may not connect to Acme", "origin granted"], /refused|network/],
  [{ kind: "invalid-response" }, ["not as documented", "a proxy or a maintenance page"], /refused/],
  [{ kind: "no-store" }, ["cannot store the sessions that Acme needs"], /pass word/],
  [{ kind: "gone" }, ["program behind this page does not answer"], /network/],
  [{ kind: "unauthorized" }, ["Only the link that the program printed"], /Acme/],
  [
    { kind: "other", message: "the tenant is closed", retry: false },
    ["the tenant is closed"],
    /again/,
  ],
  [{ kind: "other", message: "the tenant sleeps", retry: true }, ["the tenant sleeps", "again"]],
  [{ kind: "never heard of" }, ["It failed."], /undefined|never heard of/],
];

/** Runs the tests at the page of this program. */
export async function sentences(visitor, program, story) {
  const page = () => visitor.page;
  const field = (name) => page().getByLabel(name, { exact: true });
  const button = (name) => page().getByRole("button", { name, exact: true });

  await story("each failure of a check names its cause and the next step", async () => {
    await visitor.open("about:blank");
    await stub(page());
    await page().goto(program.at("acme"));
    await button("Add credential").click();
    await field("Tenant key *").fill("k");
    for (const [reason, parts, other] of REASONS) {
      await field("Pass word *").fill(`w for ${JSON.stringify(reason)}`);
      await page().getByRole("alert").waitFor({ state: "detached" });
      const answer = { status: 502, json: { error: reason } };
      await page().route("**/api/inspect*", (route) => route.fulfill(answer));
      await button("Check").click();
      const alert = page().getByRole("alert");
      await alert.getByText("The check failed").waitFor();
      const text = await alert.innerText();
      for (const part of parts) assert(text.includes(part), `${JSON.stringify(reason)}: ${text}`);
      if (other) assert.doesNotMatch(text, other, JSON.stringify(reason));
      await page().unroute("**/api/inspect*");
    }
    // The program is not there at all.
    await field("Pass word *").fill("w");
    await page().route("**/api/inspect*", (route) => route.abort());
    await button("Check").click();
    await page().getByText(/The program behind this page does not answer/).waitFor();
    await visitor.open("about:blank");
  });
}
