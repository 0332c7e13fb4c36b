// Applies the choices from a check to the form. Choices name their field by JSON pointer. A
// credential schema has fields at its top level only, so deeper pointers are ignored.
import type { RJSFSchema } from "@rjsf/utils";

import type { Access, Choice, FieldChoices, Fields, Json } from "./client";
import { stepsOf, valueAt } from "./pointer";
import { fieldNamed, fieldsOf, isList, isSecret, optionsOf, singleOf } from "./schema";
import { acceptedBy } from "./validator";

/** The choices for one field; its schema accepts all of them. */
export interface Offer {
  name: string;
  field: RJSFSchema;
  choices: Choice[];
  complete: boolean;
  /** The choice, if the vendor offers exactly one and no other exists. */
  only?: Choice;
}

export function same(one: Json | Fields | undefined, other: Json | Fields | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function includes(choices: { value: Json }[], value: Json): boolean {
  return choices.some((choice) => same(choice.value, value));
}

/** The offers of a check for fields of the form. */
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

/** New values of the fields that have exactly one choice and hold another value. */
export function settled(schema: RJSFSchema, access: Access, data: Fields): Fields {
  const set: Fields = {};
  for (const { name, field, only } of offersOf(schema, access)) {
    if (!only) continue;
    const value = isList(field) ? [only.value] : only.value;
    if (!same(data[name], value)) set[name] = value;
  }
  return set;
}

/** The values of a field: the items of a list, or a single value. */
export function valuesOf(data: Fields, name: string): Json[] {
  const value = data[name];
  if (value === undefined || value === null || value === "") return [];
  return Array.isArray(value) ? value : [value];
}

/** Options and values outside the access of the credential, by the titles of the form. */
export interface Unreached {
  field: string;
  /** All options of the schema and values of the form that the vendor does not offer. */
  titles: string[];
  /** The entered ones among them. */
  entered: string[];
}

/** The options and values missing from complete choices, by field. */
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

/** Whether a field has a value that the credential does not reach. */
export function isOutOfReach(
  schema: RJSFSchema,
  access: Access | undefined,
  data: Fields,
): boolean {
  const missing = access ? unreached(schema, access, data) : [];
  return missing.some(({ entered }) => entered.length > 0);
}

/** Whether a change of the document makes these choices stale. */
function isStale(choices: FieldChoices, before: Fields, after: Fields): boolean {
  return choices.depends_on.some(
    (pointer) => !same(valueAt(before, pointer), valueAt(after, pointer)),
  );
}

/** The valid part of a check after a change of the document. */
export interface Remaining {
  access: Access;
  /** Whether the result of the check still applies to the credential. */
  current: boolean;
}

/**
 * Drops the choices that a change made stale. The result of a check applies until a secret changes,
 * or a field on which choices depend. If no choices depend on a field, a change of a required field
 * without choices ends it.
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

/** The vendor's title of an account, if a field has it as a choice. */
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
