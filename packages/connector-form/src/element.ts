// The web component `<connector-form>`. Importing this file defines it.
import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";

import type { Access, Client, Saved } from "./client";
import { FormRoot } from "./FormRoot";
import type { Messages } from "./messages";
import type { Checked, FormSettings } from "./settings";
import { styleSheet } from "./styles";

export type * from "./client";
export { Failed } from "./client";
export type { Messages } from "./messages";
export { messagesFor } from "./messages";

/** The name of the element. */
const NAME = "connector-form";

/** The details of the event `saved`. */
export interface SavedDetail {
  /** The result of the client's `save`. */
  saved: Saved;
  /** The result of the last check, if it is about the saved document. */
  access: Access | undefined;
}

/** The details of the event `checked`: what the credential reaches, or why the check failed. */
export type CheckedDetail = Checked;

/** The events of the element, by name. */
export interface ConnectorFormEventMap {
  saved: CustomEvent<SavedDetail>;
  checked: CustomEvent<CheckedDetail>;
  closed: CustomEvent<undefined>;
}

type Listener<E extends Event> = (this: ConnectorFormElement, event: E) => void;

export interface ConnectorFormElement {
  addEventListener<K extends keyof ConnectorFormEventMap>(
    name: K,
    listener: Listener<ConnectorFormEventMap[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    name: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** A server has no elements; importing this file there is harmless. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * The form as an element. It shows nothing until it has a `client` and the attribute `open`.
 *
 * Attributes: `open`, `vendor`, `locales` (separated by commas), `color-scheme` (`light`, `dark` or
 * `auto`), `back-closes`. Events: `saved`, `checked`, `closed`; they do not bubble.
 */
export class ConnectorFormElement extends Base {
  static readonly observedAttributes = [
    "open",
    "vendor",
    "locales",
    "color-scheme",
    "back-closes",
  ];

  #client: Client | undefined;
  #saved: Saved | undefined;
  #messages: Partial<Messages> | undefined;
  #root: Root | undefined;
  #isScheduled = false;
  /** Counts the times that the form was opened: each starts with empty fields. */
  #opened = 0;

  /** The calls of the form. */
  get client(): Client | undefined {
    return this.#client;
  }

  set client(client: Client | undefined) {
    this.#client = client;
    this.#schedule();
  }

  /** The credential to edit; absent for a new one. */
  get saved(): Saved | undefined {
    return this.#saved;
  }

  set saved(saved: Saved | undefined) {
    this.#saved = saved;
    this.#schedule();
  }

  /** Texts in place of the built-in ones. */
  get messages(): Partial<Messages> | undefined {
    return this.#messages;
  }

  set messages(messages: Partial<Messages> | undefined) {
    this.#messages = messages;
    this.#schedule();
  }

  /** Whether the form is open. */
  get open(): boolean {
    return this.hasAttribute("open");
  }

  set open(open: boolean) {
    this.toggleAttribute("open", open);
  }

  /** The id of the vendor. Without it a person chooses, if there are several. */
  get vendor(): string | undefined {
    return this.getAttribute("vendor") ?? undefined;
  }

  set vendor(vendor: string | undefined) {
    this.#set("vendor", vendor);
  }

  /** The languages of the form, the best first; those of the browser if absent. */
  get locales(): readonly string[] | undefined {
    const tags = this.getAttribute("locales")?.split(",") ?? [];
    const trimmed = tags.map((tag) => tag.trim()).filter((tag) => tag !== "");
    return trimmed.length > 0 ? trimmed : undefined;
  }

  set locales(locales: readonly string[] | undefined) {
    this.#set("locales", locales?.join());
  }

  /** Follows the device if absent or `auto`. */
  get colorScheme(): FormSettings["colorScheme"] {
    const scheme = this.getAttribute("color-scheme");
    return scheme === "light" || scheme === "dark" ? scheme : undefined;
  }

  set colorScheme(scheme: FormSettings["colorScheme"]) {
    this.#set("color-scheme", scheme);
  }

  /** Whether the browser's Back leaves the form. It then adds an entry to the history. */
  get backCloses(): boolean {
    return this.hasAttribute("back-closes");
  }

  set backCloses(closes: boolean | undefined) {
    this.toggleAttribute("back-closes", closes ?? false);
  }

  connectedCallback() {
    if (!this.shadowRoot) {
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [styleSheet()];
      // Typing into the form must not run the page's shortcuts. The form's own handlers are at the
      // shadow root, and so come first.
      for (const type of ["keydown", "keypress", "keyup"]) {
        this.addEventListener(type, (event) => event.stopPropagation());
      }
    }
    this.#schedule();
  }

  disconnectedCallback() {
    this.#schedule();
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null) {
    if (name === "open" && before === null && after !== null) this.#opened += 1;
    this.#schedule();
  }

  #set(name: string, value: string | undefined) {
    if (value === undefined) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** Renders once after all changes of a task: React must not render within a render. */
  #schedule() {
    if (this.#isScheduled || !this.shadowRoot) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#render();
    });
  }

  #render() {
    if (!this.isConnected) {
      this.#root?.unmount();
      this.#root = undefined;
      return;
    }
    if (!this.shadowRoot) return;
    this.#root ??= createRoot(this.shadowRoot);
    this.#root.render(this.open && this.#client ? this.#form(this.#client) : null);
  }

  #form(client: Client) {
    return createElement(FormRoot, {
      key: this.#opened,
      client,
      vendor: this.vendor,
      saved: this.saved,
      locales: this.locales,
      messages: this.messages,
      colorScheme: this.colorScheme,
      backCloses: this.backCloses,
      onSaved: (saved, access) => {
        this.#tell("saved", { saved, access });
        this.#close();
      },
      onChecked: (checked) => this.#tell("checked", checked),
      onClose: () => this.#close(),
    });
  }

  #close() {
    if (!this.open) return;
    this.open = false;
    this.#tell("closed", undefined);
  }

  #tell<K extends keyof ConnectorFormEventMap>(
    name: K,
    detail: ConnectorFormEventMap[K]["detail"],
  ) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

if (globalThis.customElements && !customElements.get(NAME)) {
  customElements.define(NAME, ConnectorFormElement);
}

declare global {
  interface HTMLElementTagNameMap {
    [NAME]: ConnectorFormElement;
  }
}
