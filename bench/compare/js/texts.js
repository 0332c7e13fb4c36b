// Texts in English or French, chosen by look-up (RFC 4647 §3.4), like `text.rs` and `schema.rs` of
// the guest SDK.

import { french, schemas, translations } from "./data.js";

/** The language to use: "en" or "fr". */
export function language(locales) {
  for (const range of locales) {
    const subtags = range.toLowerCase().split("-");
    while (subtags.length > 0) {
      const tag = subtags.join("-");
      if (tag === "en" || tag === "fr") return tag;
      subtags.pop();
      // A single letter or digit introduces the subtag behind it, and goes with it.
      if (subtags.length > 1 && subtags.at(-1).length === 1) subtags.pop();
    }
  }
  return "en";
}

/** A text in a language, with `values` in the places of `%`. */
export function say(language, english, ...values) {
  const text = language === "fr" ? french[english] : english;
  return text.replace(/%/g, () => values.shift());
}

/** Names the words: `a, b or c`. */
export function list(language, words, last) {
  if (words.length < 2) return words[0];
  return words.slice(0, -1).join(", ") + say(language, last) + words.at(-1);
}

/** The schema of a vendor's form. */
export function schema(vendor, locales) {
  if (language(locales) === "en") return JSON.stringify(schemas[vendor]);
  const table = translations[vendor];
  return JSON.stringify(schemas[vendor], (name, value) => {
    const isText = ["title", "description"].includes(name) && typeof value === "string";
    return isText && Object.hasOwn(table, value) ? table[value] : value;
  });
}
