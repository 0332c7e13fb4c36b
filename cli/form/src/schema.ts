// Reads a credential schema: its fields, their titles and options, and the places of issues. No
// field is known by its name here.
import { retrieveSchema, type ErrorSchema, type RJSFSchema } from "@rjsf/utils";

import type { Fields, Issue, Json, Saved } from "./api";
import { stepsOf } from "./pointer";
import { validator } from "./validator";

/** The first part of the ids that the form library gives its fields. */
export const ID_PREFIX = "credential";

/** A value that the schema offers for a field. */
export interface Option {
  value: Json;
  title: string;
}

/** The field of this name. */
export function fieldNamed(schema: RJSFSchema, name: string): RJSFSchema | undefined {
  const known = Object.hasOwn(schema.properties ?? {}, name);
  const field = known ? schema.properties?.[name] : undefined;
  return typeof field === "object" ? field : undefined;
}

/** The fields in the order of the form. */
export function fieldsOf(schema: RJSFSchema): [string, RJSFSchema][] {
  return Object.keys(schema.properties ?? {}).flatMap((name): [string, RJSFSchema][] => {
    const field = fieldNamed(schema, name);
    return field ? [[name, field]] : [];
  });
}

export function isSecret(field: RJSFSchema): boolean {
  return field.writeOnly === true;
}

export function isList(field: RJSFSchema): boolean {
  return field.type === "array";
}

/** The schema of a field's single values: of its items where it holds a list. */
export function singleOf(field: RJSFSchema): RJSFSchema {
  if (!isList(field)) return field;
  return typeof field.items === "object" && !Array.isArray(field.items) ? field.items : {};
}

/** The options that the schema itself gives for a field, or for the items of its list. */
export function optionsOf(field: RJSFSchema): Option[] {
  const single = singleOf(field);
  const listed = (single.enum ?? []) as Json[];
  const titled = (single.oneOf ?? []).flatMap((option): Option[] => {
    if (typeof option !== "object" || !("const" in option)) return [];
    const value = option.const as Json;
    return [{ value, title: option.title ?? String(value) }];
  });
  return titled.length > 0 ? titled : listed.map((value) => ({ value, title: String(value) }));
}

/** The titles of the secret fields. */
export function secretTitles(schema: RJSFSchema): string[] {
  const secrets = fieldsOf(schema).filter(([, field]) => isSecret(field));
  return secrets.map(([name, field]) => field.title ?? name);
}

/** The title that the form gives a scope, or the scope itself. */
export function scopeTitle(schema: RJSFSchema, scope: string): string {
  const lists = fieldsOf(schema).filter(([, field]) => isList(field));
  const options = lists.flatMap(([, field]) => optionsOf(field));
  return options.find(({ value }) => value === scope)?.title ?? scope;
}

/** The branches of a condition. */
function branches(schema: RJSFSchema): RJSFSchema[] {
  return [schema.then, schema.else].filter((branch) => typeof branch === "object") as RJSFSchema[];
}

/**
 * Leaves to conditions which fields they show and require. Other keywords of a branch are for the
 * plugin to check: the form library would silently cut a list to the `maxItems` of a branch.
 */
export function keepPresenceOnly(schema: RJSFSchema) {
  for (const branch of branches(schema)) {
    for (const [name, field] of Object.entries(branch.properties ?? {})) {
      if (branch.properties && typeof field === "object") branch.properties[name] = {};
    }
    keepPresenceOnly(branch);
  }
}

/** Makes the secrets optional that are saved. */
export function relax(schema: RJSFSchema, saved: Saved) {
  if (schema.required) {
    schema.required = schema.required.filter((name) => !saved.secrets.includes(name));
  }
  for (const branch of branches(schema)) relax(branch, saved);
}

/** The fields that are visible; the values of hidden ones stay in the form and are not sent. */
export function visible(schema: RJSFSchema, data: Fields): Fields {
  const now = retrieveSchema(validator, schema, schema, data).properties ?? {};
  const sent = ([name, value]: [string, unknown]) =>
    value !== undefined && now[name] !== undefined && now[name] !== false;
  return Object.fromEntries(Object.entries(data).filter(sent));
}

/** The field of an issue; none for an issue of the whole document. */
export function fieldOf(schema: RJSFSchema, issue: Issue): string | undefined {
  const name = stepsOf(issue.pointer)[0];
  return name !== undefined && fieldNamed(schema, name) ? name : undefined;
}

/** The issues as the form library takes them. */
export function atFields(schema: RJSFSchema, issues: Issue[]): ErrorSchema {
  const errors: { [name: string]: { __errors: string[] } } = {};
  for (const issue of issues) {
    const name = fieldOf(schema, issue);
    if (name === undefined) continue;
    const field = (errors[name] ??= { __errors: [] });
    const sentence = inTitles(schema, issue.message);
    if (!field.__errors.includes(sentence)) field.__errors.push(sentence);
  }
  return errors as ErrorSchema;
}

/** A message of the plugin, with titles for field names that are not plain words. */
function inTitles(schema: RJSFSchema, message: string): string {
  const technical = fieldsOf(schema).filter(([name]) => name.includes("_"));
  const text = technical.reduce(
    (text, [name, field]) => text.replaceAll(name, field.title ?? name),
    message,
  );
  return text.charAt(0).toUpperCase() + text.slice(1);
}
