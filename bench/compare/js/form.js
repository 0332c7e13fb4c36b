// Reading a credential document: every problem is noted, in the order of the form, as in `src/credential.rs`.

const MAX_DOCUMENT_BYTES = 64 * 1024;
const MAX_TEXT_CHARS = 1024;
const AROUND = /^[ \t\n\r\u00a0\u200b\ufeff]+|[ \t\n\r\u00a0\u200b\ufeff]+$/g;

/** Reads a JSON text; half a surrogate pair is none, nor is a number beyond all. */
export function parse(text) {
  return JSON.parse(text, /\\u|\d[eE]|\d{309}/.test(text) ? strict : undefined);
}

function strict(name, value) {
  const isText = typeof value !== "string" || value.isWellFormed();
  const isNumber = typeof value !== "number" || Number.isFinite(value);
  if (!name.isWellFormed() || !isText || !isNumber) throw new SyntaxError("not what the plugin reads");
  return value;
}

/** Reads the number of something at the vendor, as JSON Schema does: `42.0` is an integer. */
export const readId = (value) => (Number.isSafeInteger(value) && value > 0 ? value : undefined);

/** Parses a document and lets `read` take what it needs. Fails with every problem; a member that nobody took is one. */
export const readForm = (document, read) =>
  readPart(document, (form) => {
    const value = read(form);
    form.refuseUnread();
    return value;
  });

/** As `readForm`, but what `read` did not take is ignored. */
export function readPart(document, read) {
  const form = new Form();
  const value = form.parse(document) ? read(form) : undefined;
  if (value === undefined || form.issues.length > 0) {
    throw { tag: "invalid-credential", val: form.issues };
  }
  return value;
}

class Form {
  issues = [];
  #members;
  #asked = [];

  parse(document) {
    if (new TextEncoder().encode(document).length > MAX_DOCUMENT_BYTES) {
      return this.note("", "too-long", `the document is too long: at most ${MAX_DOCUMENT_BYTES} bytes`);
    }
    try {
      this.#members = parse(document);
    } catch (error) {
      const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [, 1, 1];
      return this.note("", "json", `this is not JSON: see line ${line}, column ${column}`);
    }
    if (this.#members === null || typeof this.#members !== "object" || Array.isArray(this.#members)) {
      return this.note("", "type", "the credential document must be a JSON object");
    }
    return true;
  }

  note(pointer, code, message) {
    this.issues.push({ pointer, code, message });
  }

  #take(name) {
    this.#asked.push(name);
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
  }

  #takeRequired(name) {
    const value = this.#take(name);
    if (value === undefined) this.note(`/${name}`, "required", "this field is required");
    return value;
  }

  /** Takes a required text, without the blanks around it. */
  text(name) {
    const value = this.#takeRequired(name);
    const bad = (code, message) => this.note(`/${name}`, code, message);
    if (value === undefined) return undefined;
    if (typeof value !== "string") return bad("type", "this field must be text");
    const text = value.replace(AROUND, "");
    if ([...value].length > MAX_TEXT_CHARS) {
      return bad("too-long", `this is too long: at most ${MAX_TEXT_CHARS} characters`);
    }
    if (text === "") return bad("blank", "this field must not be blank");
    if (/[\x00-\x1f\x7f-\x9f]/.test(text)) {
      return bad("control-character", "a line break or another control character was pasted along; remove it");
    }
    return text;
  }

  /** Takes a required choice. */
  choice(name, choices) {
    const value = this.#takeRequired(name);
    return value === undefined ? undefined : this.#chosen(`/${name}`, value, choices);
  }

  /** Takes a required list of different choices, at least one; returns those that are good. */
  choices(name, choices) {
    const values = this.#takeRequired(name);
    if (values === undefined) return undefined;
    if (!Array.isArray(values)) return this.note(`/${name}`, "type", "this field must be a list");
    if (values.length === 0) this.note(`/${name}`, "too-few", "choose at least one");
    const chosen = new Set();
    for (const [index, value] of values.entries()) {
      const pointer = `/${name}/${index}`;
      const word = this.#chosen(pointer, value, choices);
      if (chosen.has(word)) this.note(pointer, "duplicate", "the same choice is there twice");
      else if (word !== undefined) chosen.add(word);
    }
    return [...chosen];
  }

  #chosen(pointer, value, choices) {
    if (choices.includes(value)) return value;
    const code = typeof value === "string" ? "not-a-choice" : "type";
    this.note(pointer, code, `this must be one of ${list(choices)}`);
    return undefined;
  }

  /** Takes the number of something at the vendor. `required` and `refused` are sentences that say why it must, or must not, be there. */
  id(name, { required, refused }) {
    const value = this.#take(name);
    const pointer = `/${name}`;
    if (value === undefined) {
      if (required) this.note(pointer, "required", required);
      return undefined;
    }
    if (refused) return this.note(pointer, "not-combinable", refused);
    const id = readId(value);
    if (id === undefined) {
      const code = Number.isInteger(value) ? "out-of-range" : "type";
      this.note(pointer, code, `this must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`);
    }
    return id;
  }

  /** Reports the members that nobody took, and not by name: a name is what a person typed. */
  refuseUnread() {
    const unread = Object.keys(this.#members).filter((name) => !this.#asked.includes(name));
    if (unread.length > 0) {
      const what = unread.length === 1 ? "a member" : "members";
      const known = list(this.#asked);
      this.note("", "unknown", `the document has ${what} that this form does not: it takes only ${known}`);
    }
  }
}

/** Names the choices: `a, b or c`. */
const list = (words) =>
  words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` : words[0];
