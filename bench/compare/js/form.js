// Reads a credential document field by field and reports every problem, in the order of the form,
// like `form.rs` of the guest SDK.

import { characters } from "./data.js";
import { language, list, say } from "./texts.js";

const MAX_DOCUMENT_BYTES = 64 * 1024;
const MAX_STRING_CHARS = 1024;

const HIDDEN = characters.spaces + characters.invisible;
const AROUND = new RegExp(`^[\\t-\\r \\x85${HIDDEN}]+|[\\t-\\r \\x85${HIDDEN}]+$`, "gu");
const WITHIN = new RegExp(`[${HIDDEN}]`, "u");
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
const NOT_IN_NAMES = new RegExp(
  `[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029${characters.invisible}${characters.format}]`,
  "gu",
);
const MAX_NAME_CHARS = 200;

/** Parses JSON. Half a surrogate pair is an error, and so is a number that is too large. */
export function parse(text) {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  return JSON.parse(json, /\\u|\d[eE]|\d{309}/.test(json) ? strict : undefined);
}

function strict(name, value) {
  const isString = typeof value !== "string" || value.isWellFormed();
  const isNumber = typeof value !== "number" || Number.isFinite(value);
  if (!name.isWellFormed() || !isString || !isNumber) throw new SyntaxError("not JSON");
  return value;
}

/** Whether a value is an id that a vendor gives to something. As in JSON Schema, `42.0` is one. */
const isId = (value) => Number.isSafeInteger(value) && value > 0;

/** A vendor's name for something, fit to be shown; `undefined` when nothing is left. */
export function shownName(vendors) {
  const shown = [...vendors.replace(NOT_IN_NAMES, "")].slice(0, MAX_NAME_CHARS).join("").trim();
  return shown === "" ? undefined : shown;
}

/**
 * Parses a document and lets `read` take the fields. Fails with every problem; a field that `read`
 * did not ask for is one.
 */
export const readForm = (document, locales, read) =>
  readSome(document, locales, (form) => {
    const value = read(form);
    form.refuseUnread();
    return value;
  });

/** Does the same as `readForm`, but ignores fields that `read` did not ask for. */
export function readSome(document, locales, read) {
  const form = new Form(language(locales));
  const value = form.parse(document) ? read(form) : undefined;
  if (value === undefined || form.issues.length > 0) {
    throw { tag: "invalid-credential", val: form.issues };
  }
  return value;
}

class Form {
  issues = [];
  #fields;
  #asked = [];
  #language;

  constructor(language) {
    this.#language = language;
  }

  parse(document) {
    if (new TextEncoder().encode(document).length > MAX_DOCUMENT_BYTES) {
      const message = "the document is too long: at most % bytes";
      return this.report("", "too-long", message, MAX_DOCUMENT_BYTES);
    }
    try {
      this.#fields = parse(document);
    } catch (error) {
      const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [, 1, 1];
      return this.report("", "json", "this is not JSON: see line %, column %", line, column);
    }
    const isObject = typeof this.#fields === "object" && !Array.isArray(this.#fields);
    if (this.#fields === null || !isObject) {
      return this.report("", "type", "the credential document must be a JSON object");
    }
    return true;
  }

  /** Reports a problem, with `values` in the places of `%` in the message. */
  report(pointer, code, message, ...values) {
    this.issues.push({ pointer, code, message: say(this.#language, message, ...values) });
  }

  #take(name) {
    this.#asked.push(name);
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #takeRequired(name) {
    const value = this.#take(name);
    if (value === undefined) this.report(`/${name}`, "required", "this field is required");
    return value;
  }

  /** Reads a required string, without whitespace and invisible characters around it. */
  string(name) {
    const value = this.#takeRequired(name);
    const bad = (code, message, ...values) => this.report(`/${name}`, code, message, ...values);
    if (value === undefined) return undefined;
    if (typeof value !== "string") return bad("type", "this field must be a string");
    if ([...value].length > MAX_STRING_CHARS) {
      return bad("too-long", "this is too long: at most % characters", MAX_STRING_CHARS);
    }
    const string = value.replace(AROUND, "");
    if (string === "") return bad("blank", "this field must not be blank");
    if (CONTROL.test(string)) {
      const message = "this contains a line break or another control character; remove it";
      return bad("control-character", message);
    }
    if (WITHIN.test(string)) {
      return bad(
        "invisible-character",
        "this contains an invisible character or an unusual space; " +
          "type it again or copy it elsewhere",
      );
    }
    return string;
  }

  /** Reads a required choice. */
  choice(name, choices) {
    const value = this.#takeRequired(name);
    return value === undefined ? undefined : this.#chosen(`/${name}`, value, choices);
  }

  /** Reads a required list of different choices, at least one. Returns the good ones. */
  choices(name, choices) {
    const values = this.#takeRequired(name);
    if (values === undefined) return undefined;
    if (!Array.isArray(values)) return this.report(`/${name}`, "type", "this field must be a list");
    if (values.length === 0) this.report(`/${name}`, "too-few", "choose at least one");
    const chosen = new Set();
    for (const [index, value] of values.entries()) {
      const pointer = `/${name}/${index}`;
      if (chosen.has(value)) {
        this.report(pointer, "duplicate", "the same choice is there twice");
      } else if (this.#chosen(pointer, value, choices) !== undefined) {
        chosen.add(value);
      }
    }
    return [...chosen];
  }

  #chosen(pointer, value, choices) {
    if (choices.includes(value)) return value;
    const code = typeof value === "string" ? "not-a-choice" : "type";
    const words = list(this.#language, choices, " or ");
    return this.report(pointer, code, "this must be one of %", words);
  }

  /**
   * Reads the number of something at the vendor. `required` and `refused` say why it must be there,
   * or must not.
   */
  id(name, { required, refused }) {
    const value = this.#take(name);
    const pointer = `/${name}`;
    if (value === undefined) {
      if (required) this.report(pointer, "required", required);
      return undefined;
    }
    if (refused) return this.report(pointer, "not-combinable", refused);
    if (isId(value)) return value;
    const code = Number.isInteger(value) ? "out-of-range" : "type";
    const message = "this must be a whole number from % to %";
    return this.report(pointer, code, message, 1, Number.MAX_SAFE_INTEGER);
  }

  /** Reports the fields that nobody asked for, and not by name: a person typed the name. */
  refuseUnread() {
    if (Object.keys(this.#fields).some((name) => !this.#asked.includes(name))) {
      const known = list(this.#language, this.#asked, " and ");
      const message = "the document has fields that this form does not have: it accepts only %";
      this.report("", "unknown", message, known);
    }
  }
}
