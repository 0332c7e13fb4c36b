// The inputs of one line. They keep the typed text: the form library's own input of a number turns
// "1,234" into 1 and "4202; 4203" into 42024203, and the browser drops pasted line breaks.
import { PasswordInput, TextInput } from "@mantine/core";
import { getUiOptions, type FieldPathList, type FieldProps, type WidgetProps } from "@rjsf/utils";
import { useState, type ClipboardEvent, type DragEvent, type ReactNode } from "react";

import type { Json } from "./client";
import { withLineBreaks } from "./lines";
import { numberOf, onOneLine } from "./number";

/** In place of the library's field, which reads a number out of any text. */
export function NumberField(props: FieldProps) {
  const { registry, schema, uiSchema } = props;
  const { StringField } = registry.fields;
  const isChosen = registry.schemaUtils.isSelect(schema) || getUiOptions(uiSchema).widget;
  const ui = isChosen ? uiSchema : { ...uiSchema, "ui:widget": "number" };
  // An option of a list has its own type already; an emptied list has no value.
  const change = (value: Json | undefined, path: FieldPathList) =>
    props.onChange(value === "" || value === null ? undefined : value, path);
  return StringField ? <StringField {...props} uiSchema={ui} onChange={change} /> : null;
}

/** Inserts a pasted or dropped text at the caret, as `read` returns it. */
function inserts(text: string, read: (text: string) => string, change: (text: string) => void) {
  const insert = (
    event: ClipboardEvent<HTMLInputElement> | DragEvent<HTMLInputElement>,
    data: DataTransfer,
  ) => {
    const input = event.currentTarget;
    const { selectionStart, selectionEnd } = input;
    const given = data.getData("text/plain");
    if (selectionStart === null || selectionEnd === null || given === "") return;
    event.preventDefault();
    change(text.slice(0, selectionStart) + read(given) + text.slice(selectionEnd));
  };
  return {
    onPaste: (event: ClipboardEvent<HTMLInputElement>) => insert(event, event.clipboardData),
    onDrop: (event: DragEvent<HTMLInputElement>) => insert(event, event.dataTransfer),
  };
}

/** The properties that all inputs have in common. */
function common(props: WidgetProps) {
  const { id, name, htmlName, label, required, options, rawErrors, placeholder } = props;
  return {
    id,
    name: htmlName ?? name,
    label,
    description: options.description as ReactNode,
    required: required ?? false,
    placeholder: placeholder ?? "",
    error: rawErrors && rawErrors.length > 0 ? rawErrors.join("\n") : undefined,
    autoCapitalize: "none",
    spellCheck: false,
  };
}

/** The text of a change: an emptied input has no value. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The input of a text. */
export function TextWidget(props: WidgetProps) {
  const { options, value, onChange } = props;
  const text = textOf(value);
  const change = (next: string) => onChange(next === "" ? undefined : next);
  return (
    <TextInput
      {...common(props)}
      value={text}
      autoComplete="off"
      {...(options.list ? { list: options.list as string } : {})}
      onChange={(event) => change(event.currentTarget.value)}
      {...inserts(text, withLineBreaks, change)}
    />
  );
}

/** The input of a secret. */
export function SecretWidget(props: WidgetProps) {
  const text = textOf(props.value);
  const change = (next: string) => props.onChange(next === "" ? undefined : next);
  return (
    <PasswordInput
      {...common(props)}
      value={text}
      autoComplete="new-password"
      onChange={(event) => change(event.currentTarget.value)}
      {...inserts(text, withLineBreaks, change)}
    />
  );
}

/** The input of a number. */
export function NumberText(props: WidgetProps) {
  const { schema, value, options, onChange } = props;
  const [typed, setTyped] = useState("");
  const isWhole = schema.type === "integer";
  // A check or another widget may have set another value meanwhile.
  const isCurrent = numberOf(typed, isWhole) === value;
  const text = isCurrent ? typed : textOf(value);
  const change = (next: string) => {
    setTyped(next);
    onChange(numberOf(next, isWhole));
  };
  return (
    <TextInput
      {...common(props)}
      value={text}
      inputMode={isWhole ? "numeric" : "decimal"}
      autoComplete="off"
      {...(options.list ? { list: options.list as string } : {})}
      onChange={(event) => change(event.currentTarget.value)}
      {...inserts(text, onOneLine, change)}
    />
  );
}
