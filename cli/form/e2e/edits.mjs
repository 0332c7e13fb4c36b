// End-to-end tests of edits that meet another one, and of masks in place of secrets.
import assert from "node:assert/strict";

/** Runs the tests at the page of this program. */
export async function edits(visitor, program, story) {
  const field = (name) => visitor.page.getByLabel(name, { exact: true });
  const button = (name) => visitor.page.getByRole("button", { name, exact: true });
  const says = (text) => visitor.page.getByText(text).first().waitFor();
  const dialog = () => visitor.page.getByRole("dialog");

  /** A request of another tab or program. */
  const elsewhere = async (method, path, body) => {
    const response = await fetch(`${program.origin}/api/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${program.token}`,
        origin: program.origin,
        "content-type": "application/json",
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    assert.equal(response.status, 200, `${method} ${path}`);
    return response.json();
  };
  const key = program.sample("a key of a plan with surveys");
  const credential = { client_id: key.client_id, client_secret: key.client_secret };
  const entry = { vendor: "hotjar", description: "of this tab", credential };
  let saved;

  await story("an edit after another one is refused, and the other can be loaded", async () => {
    saved = await elsewhere("POST", "credentials", { ...entry, name: "Edited twice" });
    await visitor.open(program.at("hotjar"));
    await visitor.page.getByRole("button", { name: /Edited twice/ }).click();
    await button("Edit").click();
    await field("Credential description").fill("mine");
    await elsewhere("PUT", `credentials/${saved.id}`, {
      ...entry,
      name: "Edited elsewhere",
      version: saved.version,
    });
    await button("Save").click();
    await says(/was changed elsewhere meanwhile/);
    assert.equal(await field("Credential description").inputValue(), "mine", "nothing is lost");
    await visitor.look("conflict");
    await button("Load the saved one").click();
    await visitor.page.getByText(/was changed elsewhere/).waitFor({ state: "detached" });
    assert.equal(await field("Credential name *").inputValue(), "Edited elsewhere");
    assert.equal(await field("Credential description").inputValue(), "of this tab");
    await field("Credential description").fill("mine, again");
    await button("Save").click();
    await dialog().waitFor({ state: "detached" });
    await visitor.page.getByRole("button", { name: /Edited elsewhere.*mine, again/ }).waitFor();
  });

  await story("a mask in place of a secret is a problem of its field", async () => {
    await visitor.page.getByRole("button", { name: /Edited elsewhere/ }).click();
    await button("Edit").click();
    await field("Client secret").fill("********");
    for (const name of ["Check", "Save"]) {
      await button(name).click();
      const problem = visitor.page.locator("#credential_client_secret-error");
      await problem.getByText(/Enter the secret itself/).waitFor();
    }
    await visitor.look("mask");
    await field("Client secret").fill("");
    await button("Save").click();
    await dialog().waitFor({ state: "detached" });
    const list = await elsewhere("GET", "credentials");
    const { id } = list.find(({ name }) => name === "Edited elsewhere");
    await elsewhere("DELETE", `credentials/${id}`, {});
    await visitor.open("about:blank");
  });
}
