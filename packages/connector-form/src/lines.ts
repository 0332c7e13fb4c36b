// Line breaks in texts that are pasted into an input of one line, such as a secret that was wrapped
// when it was copied. An input would drop them, and so change the text without a word.
import type { RJSFSchema } from "@rjsf/utils";

import type { Fields, Issue } from "./client";
import { fieldsOf, visible } from "./schema";

/** The breaks that an input drops. */
const BREAK = /\r\n|[\r\n]/g;

/** Whitespace at an end of the text that has a line break. */
const OUTER = /^\s*[\r\n\u2028\u2029]\s*|\s*[\r\n\u2028\u2029]\s*$/g;

/** The Unicode line separator: a line break that an input keeps, and that can be deleted. */
const SEPARATOR = "\u2028";

/** A pasted text as an input can hold it: without outer line breaks, and with the inner ones. */
export function withLineBreaks(pasted: string): string {
  return pasted.replace(OUTER, "").replace(BREAK, SEPARATOR);
}

/** An issue for each visible field whose text has a line break inside. */
export function lineBreaks(schema: RJSFSchema, data: Fields): Issue[] {
  const shown = visible(schema, data);
  return fieldsOf(schema).flatMap(([name]): Issue[] => {
    const value = shown[name];
    if (typeof value !== "string" || !/[\r\n\u2028\u2029]/.test(value.trim())) return [];
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return [{ pointer, code: "line-break", message: "must be on one line" }];
  });
}
