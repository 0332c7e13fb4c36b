// The page: a button opens the form, and what was saved is listed.
import "../dist/element.js";

import { client } from "./client.js";

const form = document.getElementById("form");
const status = document.getElementById("status");
const list = document.getElementById("list");

form.client = client;
form.messages = { addTitle: "Add a connection" };

document.getElementById("add").addEventListener("click", () => {
  form.saved = undefined;
  form.open = true;
});

form.addEventListener("checked", ({ detail }) => {
  status.textContent = detail.access ? "The check succeeded." : "The check failed.";
});

form.addEventListener("saved", ({ detail }) => {
  status.textContent = `${detail.saved.name} is saved.`;
  const id = `connection-${detail.saved.id}`;
  let item = document.getElementById(id);
  if (!item) {
    item = list.appendChild(document.createElement("li"));
    item.id = id;
  }
  const edit = document.createElement("button");
  edit.type = "button";
  edit.textContent = `Edit ${detail.saved.name}`;
  edit.addEventListener("click", () => {
    form.saved = detail.saved;
    form.open = true;
  });
  item.replaceChildren(edit);
});
