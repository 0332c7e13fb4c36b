// The widgets of the vendor's fields: those of the form library for its Mantine theme, with the
// options marked that the credential does not reach.
import CheckboxesWidget from "@rjsf/mantine/lib/widgets/CheckboxesWidget.js";
import RadioWidget from "@rjsf/mantine/lib/widgets/RadioWidget.js";
import SelectWidget from "@rjsf/mantine/lib/widgets/SelectWidget.js";
import { titleId, type Widget, type WidgetProps } from "@rjsf/utils";

import { same } from "./choices";
import type { Choice, Json } from "./client";
import { choiceTitle } from "./drawing";
import { NumberField, NumberText, SecretWidget, TextWidget } from "./inputs";
import { useMessages } from "./texts";
import { isNumber } from "./schema";

/** The theme's checkboxes, whose group has no accessible name by itself. */
function Checkboxes(props: WidgetProps) {
  return (
    <div role="group" aria-labelledby={titleId(props.id)}>
      <Marked widget={CheckboxesWidget} {...props} />
    </div>
  );
}

function Radios(props: WidgetProps) {
  return <Marked widget={RadioWidget} {...props} />;
}

function Choices(props: WidgetProps) {
  return <Marked widget={SelectWidget} isText {...props} />;
}

interface MarkedProps extends WidgetProps {
  widget: Widget;
  /** Whether the widget shows its options as plain text. */
  isText?: boolean;
}

/** Marks the options that the credential does not reach. */
function Marked({ widget: Inner, isText, ...props }: MarkedProps) {
  const messages = useMessages();
  const { unavailable, enumOptions, ...options } = props.options;
  const outside = (unavailable ?? []) as Json[];
  const marked = enumOptions?.map((option) => {
    if (!outside.some((value) => same(value, option.value as Json))) return option;
    const label = isText ? (
      messages.notOffered(option.label)
    ) : (
      <>
        {option.label} <span className="muted">{messages.notOnKey}</span>
      </>
    );
    // The theme renders any label.
    return { ...option, label: label as string };
  });
  const all = { ...options, ...(marked && { enumOptions: marked }) };
  return <Inner {...props} options={all} />;
}

/** An input with choices to take or leave: other values are valid too. */
function Suggestions(props: WidgetProps) {
  const { suggestions, ...options } = props.options;
  const Input = isNumber(props.schema) ? NumberText : TextWidget;
  const list = `${props.id}-suggestions`;
  return (
    <>
      <Input {...props} options={{ ...options, list }} />
      <datalist id={list}>
        {(suggestions as Choice[]).map((choice) => (
          <option key={String(choice.value)} value={String(choice.value)}>
            {choiceTitle(choice)}
          </option>
        ))}
      </datalist>
    </>
  );
}

export const FIELDS = { NumberField };

export const WIDGETS = {
  CheckboxesWidget: Checkboxes,
  PasswordWidget: SecretWidget,
  RadioWidget: Radios,
  SelectWidget: Choices,
  TextWidget,
  number: NumberText,
  suggestions: Suggestions,
};
