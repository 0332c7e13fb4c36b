// Prepares a schema for the form library: the widget of each field, and the choices of a check.
import type { RJSFSchema, UiSchema } from "@rjsf/utils";

import type { Access, Choice, Fields, Json, Saved } from "./client";
import { includes, offersOf, same, valuesOf, type Offer } from "./choices";
import type { Messages } from "./messages";
import {
  fieldsOf,
  isList,
  isNumber,
  isSecret,
  keepPresenceOnly,
  optionsOf,
  relax,
  singleOf,
} from "./schema";

/** A field with more options is a drop-down list, which is easier to read. */
const MAX_RADIOS = 4;
const MAX_CHECKBOXES = 12;

/** A schema and its `uiSchema` for the form library. */
export interface Drawing {
  schema: RJSFSchema;
  ui: UiSchema;
}

/** Adds the choices of a check to a schema, and makes saved secrets optional. */
export function draw(
  schema: RJSFSchema,
  access: Access | undefined,
  saved: Saved | undefined,
  data: Fields,
  messages: Messages,
): Drawing {
  const copy = structuredClone(schema);
  keepPresenceOnly(copy);
  if (saved) relax(copy, saved);
  const offers = new Map(offersOf(copy, access).map((offer) => [offer.name, offer]));
  const ui: UiSchema = { "ui:submitButtonOptions": { norender: true } };
  for (const [name, field] of fieldsOf(copy)) {
    const isOwn = optionsOf(field).length > 0;
    const offer = offers.get(name);
    const offered = offer ? apply(offer, isOwn, valuesOf(data, name), messages) : {};
    const kept = saved?.secrets.includes(name) ?? false;
    const byKind = hints(field, isOwn, kept, messages);
    ui[name] = { "ui:options": { description: field.description, ...byKind, ...offered } };
  }
  return { schema: copy, ui };
}

type Hints = { [hint: string]: unknown };

/** The hints for a field by its type. */
function hints(field: RJSFSchema, isOwn: boolean, kept: boolean, messages: Messages): Hints {
  const count = optionsOf(field).length;
  const select = {
    widget: "select",
    placeholder: messages.chooseOne,
    clearable: true,
    nothingFoundMessage: messages.noneFound,
  };
  if (isSecret(field)) {
    const placeholder = kept ? { placeholder: messages.leaveBlank } : {};
    return { widget: "password", autoComplete: "new-password", ...placeholder };
  }
  if (isList(field) && count > 0) {
    return count <= MAX_CHECKBOXES ? { widget: "checkboxes" } : select;
  }
  if (isOwn && field.type === "string" && count <= MAX_RADIOS) return { widget: "radio" };
  if (count > 0) return select;
  if (isNumber(field)) return {};
  return { autoComplete: "off", autoCapitalize: "none", spellCheck: false };
}

/** Adds the choices of a check to the schema of a field; returns the hints for them. */
function apply(offer: Offer, isOwn: boolean, entered: Json[], messages: Messages): Hints {
  const single = singleOf(offer.field);
  if (isOwn) {
    // Options keep the titles of the schema; those outside the vendor's choices are marked, and a
    // person can only take them back.
    if (!offer.complete) return {};
    const outside = optionsOf(offer.field).filter(({ value }) => !includes(offer.choices, value));
    const unavailable = outside.map(({ value }) => value);
    const isEntered = (value: Json) => entered.some((one) => same(one, value));
    return { unavailable, enumDisabled: unavailable.filter((value) => !isEntered(value)) };
  }
  if (offer.choices.length === 0) return {};
  if (!offer.complete) {
    // Other values are valid too, so the field stays an input.
    return isList(offer.field) ? {} : { widget: "suggestions", suggestions: offer.choices };
  }
  const others = entered.filter((value) => !includes(offer.choices, value));
  // Not `oneOf`: the form library would select its first option.
  single.enum = [...offer.choices.map(({ value }) => value), ...others];
  if (isList(offer.field)) {
    offer.field.items = single;
    offer.field.uniqueItems = true;
  }
  const enumNames = [
    ...offer.choices.map(choiceTitle),
    ...others.map((value) => messages.notOffered(String(value))),
  ];
  return { enumNames };
}

/** The title of a choice, followed by its value if they differ. */
export function choiceTitle({ value, title }: Choice): string {
  const text = String(value);
  return title === text || title === "" ? text : `${title} (${text})`;
}
