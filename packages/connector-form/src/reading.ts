// Titles that a page shows beside the form, read from a vendor's schema and the result of a check.
import type { RJSFSchema } from "@rjsf/utils";

import * as choices from "./choices";
import type { Access, JsonSchema } from "./client";
import * as schemas from "./schema";

/** The vendor's title of an account, if a field has it as a choice. */
export function accountTitle(
  schema: JsonSchema,
  access: Access | undefined,
  account: string,
): string | undefined {
  return choices.accountTitle(schema as RJSFSchema, access, account);
}

/** The title of a scope: that of the form, or the vendor's, or else one that is made of its id. */
export function scopeTitle(
  schema: JsonSchema,
  access: Access | undefined,
  scope: string,
): string {
  return schemas.scopeTitle(schema as RJSFSchema, access, scope);
}

/** The titles of the secret fields. */
export function secretTitles(schema: JsonSchema): string[] {
  return schemas.secretTitles(schema as RJSFSchema);
}
