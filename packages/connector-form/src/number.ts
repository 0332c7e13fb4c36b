// Reads numbers as a person types or pastes them. Only the plain decimal form is a number; any
// other text stays as it is, and the plugin reports it. `1,234` is 1234 in one country and 1.234 in
// another, so nothing is guessed.
import type { Json } from "./client";

/** Whitespace and invisible characters, such as those around a number that was copied. */
const HIDDEN = String.raw`[\s\p{Default_Ignorable_Code_Point}\u{85}\u{2800}]+`;
const AROUND = new RegExp(`^${HIDDEN}|${HIDDEN}$`, "gu");

/** A number without leading zeros, exponent and separators of thousands. */
const DECIMAL = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/;

/** The text without the whitespace and the invisible characters around it. */
export function trimmed(text: string): string {
  return text.replace(AROUND, "");
}

/**
 * The value of a typed number: `undefined` for no text, a number for a plain one, else the text.
 * A whole number that JavaScript cannot hold exactly stays a text too.
 */
export function numberOf(typed: string, isWhole: boolean): Json | undefined {
  const text = trimmed(typed);
  if (text === "") return undefined;
  const number = Number(text);
  const isPlain = isWhole
    ? Number.isSafeInteger(number) && String(number) === text
    : DECIMAL.test(text) && Number.isFinite(number);
  return isPlain ? number : text;
}

/**
 * A pasted text on one line. An input drops line breaks, which would join the numbers of two lines;
 * a space keeps them apart.
 */
export function onOneLine(pasted: string): string {
  return trimmed(pasted).replace(/[\r\n\u{2028}\u{2029}]+/gu, " ");
}
