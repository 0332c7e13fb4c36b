// Reads a credential schema: its fields, their titles and options, and the fields of issues. No
// field name of a vendor occurs here.
import { retrieveSchema, type ErrorSchema, type RJSFSchema } from "@rjsf/utils";

import type { Access, Fields, Issue, Json, Saved } from "./client";
import type { Messages } from "./messages";
import { stepsOf } from "./pointer";
import { validator } from "./validator";

/** The prefix of the fields' ids in the page. */
export const ID_PREFIX = "credential";

/** An allowed value of a field, with its title. */
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

export function isNumber(field: RJSFSchema): boolean {
  return field.type === "integer" || field.type === "number";
}

/** The schema of a single value: of the items if the field is a list, else of the field. */
export function singleOf(field: RJSFSchema): RJSFSchema {
  if (!isList(field)) return field;
  return typeof field.items === "object" && !Array.isArray(field.items) ? field.items : {};
}

/** The schema's options for a field, or for the items of a list. */
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

/** The title of a scope: that of the form, or the vendor's, or else one that is made of its id. */
export function scopeTitle(
  schema: RJSFSchema,
  access: Access | undefined,
  scope: string,
): string {
  const lists = fieldsOf(schema).filter(([, field]) => isList(field));
  const offered = (access?.fields ?? []).flatMap(({ choices }) => choices);
  const titled = [...lists.flatMap(([, field]) => optionsOf(field)), ...offered];
  const known = titled.find(({ value, title }) => value === scope && title !== "");
  return known && known.title !== scope ? known.title : `${readable(scope)} (${scope})`;
}

/** "Data export" for `data-export` and `data.export`. */
function readable(id: string): string {
  const words = id.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The branches of a condition. */
function branches(schema: RJSFSchema): RJSFSchema[] {
  return [schema.then, schema.else].filter((branch) => typeof branch === "object") as RJSFSchema[];
}

/**
 * Reduces the branches of conditions to the fields that they show and require. The plugin checks
 * their other keywords: the form library would silently cut a list to the `maxItems` of a branch.
 */
export function keepPresenceOnly(schema: RJSFSchema) {
  for (const branch of branches(schema)) {
    for (const [name, field] of Object.entries(branch.properties ?? {})) {
      if (branch.properties && typeof field === "object") branch.properties[name] = {};
    }
    keepPresenceOnly(branch);
  }
}

/** Makes saved secrets optional. */
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

/** The issues in the form library's format. */
export function atFields(schema: RJSFSchema, issues: Issue[], messages: Messages): ErrorSchema {
  const errors: { [name: string]: { __errors: string[] } } = {};
  for (const issue of issues) {
    const name = fieldOf(schema, issue);
    if (name === undefined) continue;
    const field = (errors[name] ??= { __errors: [] });
    const sentence = inTitles(schema, messages.issue(issue));
    if (!field.__errors.includes(sentence)) field.__errors.push(sentence);
  }
  return errors as ErrorSchema;
}

/** A message of the plugin, with titles in place of field names that have an underscore. */
function inTitles(schema: RJSFSchema, message: string): string {
  const technical = fieldsOf(schema).filter(([name]) => name.includes("_"));
  const text = technical.reduce(
    (text, [name, field]) => text.replaceAll(name, field.title ?? name),
    message,
  );
  return text.charAt(0).toUpperCase() + text.slice(1);
}
