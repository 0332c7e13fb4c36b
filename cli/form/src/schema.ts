// Reads a credential schema by rule: how each field is drawn, which of them are secret, and what a check at the vendor changes.
// There is no vendor here. The names `project_id`, `scopes` and `credential_level` are the contract's, for every vendor.
import { retrieveSchema, type ErrorSchema, type RJSFSchema, type UiSchema } from "@rjsf/utils";

import type { Access, Issue, Members, Saved } from "./api";
import { validator } from "./validator";

/** More choices than these are better read in a list that opens. */
const MAX_RADIOS = 4;

/** The first part of the ids that the form library gives its fields. */
export const ID_PREFIX = "credential";

type Field = Exclude<RJSFSchema["properties"], undefined>[string];
type Choice = { const: unknown; title: string };

function fields(schema: RJSFSchema): [string, RJSFSchema][] {
  const known = ([, field]: [string, Field]) => typeof field === "object";
  return Object.entries(schema.properties ?? {}).filter(known) as [string, RJSFSchema][];
}

function isSecret(field: RJSFSchema): boolean {
  return field.writeOnly === true;
}

function choices(field: RJSFSchema | undefined): Choice[] {
  const of = field?.type === "array" ? (field.items as RJSFSchema | undefined) : field;
  return (of?.oneOf ?? []).flatMap((choice) =>
    typeof choice === "object" && "const" in choice
      ? [{ const: choice.const, title: choice.title ?? String(choice.const) }]
      : [],
  );
}

/** The titles of the secret fields. */
export function secretTitles(schema: RJSFSchema): string[] {
  return fields(schema).flatMap(([name, field]) => (isSecret(field) ? [field.title ?? name] : []));
}

/** What people call a value of a field, or the value itself. */
export function titleOf(schema: RJSFSchema, name: string, value: unknown): string {
  const field = schema.properties?.[name];
  const choice = choices(typeof field === "object" ? field : undefined).find((c) => c.const === value);
  return choice?.title ?? String(value);
}

/** What a person calls a field. */
export function fieldTitle(schema: RJSFSchema, name: string, otherwise: string): string {
  const field = schema.properties?.[name];
  return (typeof field === "object" && field.title) || otherwise;
}

/** The hints that a schema cannot carry, one rule for each kind of field. */
export function uiSchema(schema: RJSFSchema, kept: string[], access: Access | undefined): UiSchema {
  const ui: UiSchema = { "ui:submitButtonOptions": { norender: true } };
  for (const [name, field] of fields(schema)) {
    const options: { [option: string]: unknown } = { description: field.description };
    const several = field.type === "array";
    const count = field.enum?.length ?? choices(field).length;
    if (name === "project_id" && access && field.enum) options.enumNames = projectNames(field, access);
    if (isSecret(field)) {
      options.widget = "password";
      options.autoComplete = "new-password";
      if (kept.includes(name)) options.placeholder = "Saved. Leave blank to keep it.";
    } else if (several && count > 0) {
      options.widget = "checkboxes";
    } else if (count > 0 && field.type === "string" && count <= MAX_RADIOS) {
      options.widget = "radio";
    } else if (count > 0) {
      options.widget = "select";
      options.placeholder = "Choose one";
      options.clearable = true;
      options.nothingFoundMessage = "None of that name";
    } else if (field.type === "integer" || field.type === "number") {
      // What was typed stays as it is; the plugin says what is wrong with it.
      Object.assign(options, { hideControls: true, clampBehavior: "none", allowDecimal: field.type === "number" });
    } else {
      Object.assign(options, { autoComplete: "off", autoCapitalize: "none", spellCheck: false });
    }
    ui[name] = { "ui:options": options };
  }
  return ui;
}

/** The schema as it is drawn: with what a check found, and without asking again for secrets that are saved. */
export function drawn(schema: RJSFSchema, access: Access | undefined, saved: Saved | undefined, data: Members): RJSFSchema {
  const copy = structuredClone(schema);
  leaveJudging(copy);
  if (saved) relax(copy, new Set(saved.secrets));
  if (access) {
    offerProjects(copy, access, data);
    markScopes(copy, access);
  }
  return copy;
}

/**
 * Leaves to a condition what it shows and requires, and not what it finds wrong, which is the plugin's to say: the form library would
 * cut what was typed to a `maxItems` of a branch without a word.
 */
function leaveJudging(schema: RJSFSchema) {
  for (const branch of branches(schema)) {
    for (const [name, field] of Object.entries(branch.properties ?? {})) {
      if (branch.properties && typeof field === "object") branch.properties[name] = {};
    }
    leaveJudging(branch);
  }
}

function branches(schema: RJSFSchema): RJSFSchema[] {
  return [schema.then, schema.else].filter((branch) => typeof branch === "object") as RJSFSchema[];
}

function relax(schema: RJSFSchema, kept: Set<string>) {
  if (schema.required) schema.required = schema.required.filter((name) => !kept.has(name));
  for (const branch of branches(schema)) relax(branch, kept);
}

function offerProjects(schema: RJSFSchema, access: Access, data: Members) {
  const field = schema.properties?.project_id;
  if (typeof field !== "object" || access.projects.length === 0) return;
  // As `enum`, since the form library chooses the first of a `oneOf` by itself, and nobody's project is to be a guess.
  field.enum = access.projects.map(({ id }) => id);
  const typed = data.project_id;
  if (typeof typed === "number" && !field.enum.includes(typed)) field.enum.push(typed);
}

/** What people read for each project that a check found. */
function projectNames(field: RJSFSchema, access: Access): string[] {
  return (field.enum ?? []).map((id) => {
    const project = access.projects.find((one) => one.id === id);
    return project ? `${project.name} (${project.id})` : `${String(id)}: not reached by this key`;
  });
}

function markScopes(schema: RJSFSchema, access: Access) {
  const field = schema.properties?.scopes;
  const items = typeof field === "object" ? (field.items as RJSFSchema | undefined) : undefined;
  if (!items?.oneOf || access.scopes.length === 0) return;
  for (const choice of items.oneOf) {
    if (typeof choice !== "object" || access.scopes.includes(String(choice.const))) continue;
    choice.title = `${choice.title ?? String(choice.const)} — this key has no ${String(choice.const)}`;
  }
}

/** The choices of scope that a key lacks, by their titles, and those of them that are chosen. */
export function lacking(schema: RJSFSchema, access: Access, data: Members): { all: string[]; chosen: string[] } {
  const field = schema.properties?.scopes;
  if (typeof field !== "object" || access.scopes.length === 0) return { all: [], chosen: [] };
  const chosen = Array.isArray(data.scopes) ? data.scopes : [];
  const lacks = choices(field).filter((choice) => !access.scopes.includes(String(choice.const)));
  const name = (choice: Choice) => String(choice.const);
  return {
    all: lacks.map(name),
    chosen: lacks.filter((choice) => chosen.includes(choice.const as string)).map(name),
  };
}

/** Whether the schema has this level to choose. */
export function hasLevel(schema: RJSFSchema, level: string): boolean {
  const field = schema.properties?.credential_level;
  return choices(typeof field === "object" ? field : undefined).some((choice) => choice.const === level);
}

/** What is sent: only the fields that are shown. What was typed into one that is hidden now stays in the form. */
export function shown(schema: RJSFSchema, data: Members): Members {
  const now = retrieveSchema(validator, schema, schema, data).properties ?? {};
  const visible = ([name, value]: [string, unknown]) =>
    value !== undefined && now[name] !== undefined && now[name] !== false;
  return Object.fromEntries(Object.entries(data).filter(visible));
}

/** The field of a problem: the first step of its pointer, or none for the document as a whole. */
export function fieldOf(schema: RJSFSchema, issue: Issue): string | undefined {
  const name = issue.pointer.split("/")[1]?.replaceAll("~1", "/").replaceAll("~0", "~");
  return name !== undefined && schema.properties?.[name] !== undefined ? name : undefined;
}

/** The problems as the form library takes them. */
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

/** A message of the plugin with the titles that stand on the page in place of the members' names, where those are no plain words. */
function inTitles(schema: RJSFSchema, message: string): string {
  const named = fields(schema).filter(([name]) => name.includes("_"));
  const text = named.reduce((text, [name, field]) => text.replaceAll(name, field.title ?? name), message);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
