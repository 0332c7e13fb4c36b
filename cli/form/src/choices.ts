// Applies the choices of a check to the form. They name their fields by JSON pointer; the fields of
// a credential schema are all at its top level, so pointers to other places are ignored.
import type { RJSFSchema } from "@rjsf/utils";

import type { Access, Choice, FieldChoices, Fields, Json } from "./api";
import { stepsOf, valueAt } from "./pointer";
import { fieldNamed, fieldsOf, isList, isSecret, optionsOf, singleOf } from "./schema";
import { acceptedBy } from "./validator";

/** The choices for one field, of which its schema accepts every one. */
export interface Offer {
  name: string;
  field: RJSFSchema;
  choices: Choice[];
  complete: boolean;
  /** Whether the vendor named exactly one choice, and there is no other. */
  only?: Choice;
}

export function same(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function includes(choices: { value: Json }[], value: Json): boolean {
  return choices.some((choice) => same(choice.value, value));
}

/** The offers of a check, for the fields that the form has. */
export function offersOf(schema: RJSFSchema, access: Access | undefined): Offer[] {
  return (access?.fields ?? []).flatMap(({ pointer, choices, complete }): Offer[] => {
    const [name, ...deeper] = stepsOf(pointer);
    const field = name === undefined ? undefined : fieldNamed(schema, name);
    if (name === undefined || !field || deeper.length > 0 || isSecret(field)) return [];
    const accepts = acceptedBy(singleOf(field));
    const accepted = choices.filter(({ value }) => accepts(value));
    const only = complete && choices.length === 1 ? accepted[0] : undefined;
    return [{ name, field, choices: accepted, complete, ...(only && { only }) }];
  });
}

/** The fields to set, because they have exactly one choice and another value. */
export function settled(schema: RJSFSchema, access: Access, data: Fields): Fields {
  const set: Fields = {};
  for (const { name, field, only } of offersOf(schema, access)) {
    if (!only) continue;
    const value = isList(field) ? [only.value] : only.value;
    if (!same(data[name], value)) set[name] = value;
  }
  return set;
}

/** The values of a field: the items of a list, or the one value. */
export function valuesOf(data: Fields, name: string): Json[] {
  const value = data[name];
  if (value === undefined || value === null || value === "") return [];
  return Array.isArray(value) ? value : [value];
}

/** Options and values outside the access of the credential, by the titles of the form. */
export interface Unreached {
  field: string;
  /** Every option of the schema, or value of the form, that the vendor did not name. */
  titles: string[];
  /** Those of them that are entered now. */
  entered: string[];
}

/** The options and values that are not among complete choices, by field. */
export function unreached(schema: RJSFSchema, access: Access, data: Fields): Unreached[] {
  return offersOf(schema, access).flatMap(({ name, field, choices, complete }): Unreached[] => {
    if (!complete) return [];
    const entered = valuesOf(data, name);
    const options = optionsOf(field);
    const titled = entered.filter((value) => !includes(options, value));
    const all = [...options, ...titled.map((value) => ({ value, title: String(value) }))];
    const missing = all.filter(({ value }) => !includes(choices, value));
    if (missing.length === 0) return [];
    const now = missing.filter(({ value }) => entered.some((one) => same(one, value)));
    const titles = (list: { title: string }[]) => list.map(({ title }) => title);
    return [{ field: field.title ?? name, titles: titles(missing), entered: titles(now) }];
  });
}

/** Whether a change of the document makes these choices stale. */
function isStale(choices: FieldChoices, before: Fields, after: Fields): boolean {
  return choices.depends_on.some(
    (pointer) => !same(valueAt(before, pointer), valueAt(after, pointer)),
  );
}

/** The rest of a check after a change of the document. */
export interface Remaining {
  access: Access;
  /** Whether the credential is still the one that the vendor accepted. */
  current: boolean;
}

/**
 * Drops the choices that a change made stale. The check speaks about another credential after a
 * change of a secret, or of a field on which choices depend. Where none depend on any, those fields
 * are the required ones for which the vendor offered no choices.
 */
export function afterChange(
  schema: RJSFSchema,
  access: Access,
  before: Fields,
  after: Fields,
): Remaining {
  const fields = access.fields.filter((choices) => !isStale(choices, before, after));
  const dependent = access.fields.some(({ depends_on }) => depends_on.length > 0);
  const offered = access.fields.map(({ pointer }) => stepsOf(pointer)[0]);
  const identifies = ([name, field]: [string, RJSFSchema]) =>
    isSecret(field) ||
    (!dependent && (schema.required?.includes(name) ?? false) && !offered.includes(name));
  const isOther = fieldsOf(schema)
    .filter(identifies)
    .some(([name]) => !same(before[name], after[name]));
  const current = fields.length === access.fields.length && !isOther;
  return { access: { ...access, fields }, current };
}

/** The vendor's title of an account, where it is among the choices for a field. */
export function accountTitle(
  schema: RJSFSchema,
  access: Access | undefined,
  account: string,
): string | undefined {
  const choices = offersOf(schema, access).flatMap(({ field, choices }) =>
    isList(field) ? [] : choices,
  );
  return choices.find(({ value }) => String(value) === account)?.title;
}
