// A number is a text input that keeps the typed text; see `number.ts` for its value. The form
// library's own input turns "1,234" into 1 and "4202; 4203" into 42024203.
import { TextInput } from "@mantine/core";
import {
  ariaDescribedByIds,
  getUiOptions,
  type FieldPathList,
  type FieldProps,
  type WidgetProps,
} from "@rjsf/utils";
import { useState, type ClipboardEvent } from "react";

import type { Json } from "./api";
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

/** The input of a number. */
export function NumberText(props: WidgetProps) {
  const { id, name, htmlName, label, required } = props;
  const { schema, value, options, rawErrors, onChange } = props;
  const [typed, setTyped] = useState("");
  const isWhole = schema.type === "integer";
  // A check or another widget may have set another value meanwhile.
  const isCurrent = numberOf(typed, isWhole) === value;
  const text = isCurrent ? typed : String(value ?? "");
  const change = (next: string) => {
    setTyped(next);
    onChange(numberOf(next, isWhole));
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const pasted = onOneLine(event.clipboardData.getData("text/plain"));
    const { selectionStart, selectionEnd } = input;
    if (selectionStart === null || selectionEnd === null) return;
    event.preventDefault();
    change(text.slice(0, selectionStart) + pasted + text.slice(selectionEnd));
  };
  const list = options.list as string | undefined;
  return (
    <TextInput
      id={id}
      name={htmlName ?? name}
      label={label}
      description={options.description}
      required={required}
      value={text}
      error={rawErrors && rawErrors.length > 0 ? rawErrors.join("\n") : undefined}
      inputMode={isWhole ? "numeric" : "decimal"}
      autoComplete="off"
      list={list}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={(event) => change(event.currentTarget.value)}
      onPaste={paste}
    />
  );
}
