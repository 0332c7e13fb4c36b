// JSON pointers (RFC 6901), by which issues and choices name the fields of a credential document.
import type { Json } from "./client";

/** The unescaped steps of a pointer: none for the whole document. */
export function stepsOf(pointer: string): string[] {
  const steps = pointer.split("/").slice(1);
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at a pointer, if there is one. */
export function valueAt(document: { [name: string]: Json | undefined }, pointer: string) {
  let value: Json | undefined = document as { [name: string]: Json };
  for (const step of stepsOf(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) {
      return undefined;
    }
    value = (value as { [name: string]: Json })[step];
  }
  return value;
}
