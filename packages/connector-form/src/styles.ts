// The style sheet of the shadow root. It is constructed, since a content security policy may block
// style elements. Only the styles of components in use are in it.
import actionIcon from "@mantine/core/styles/ActionIcon.css?inline";
import alert from "@mantine/core/styles/Alert.css?inline";
import anchor from "@mantine/core/styles/Anchor.css?inline";
import button from "@mantine/core/styles/Button.css?inline";
import checkbox from "@mantine/core/styles/Checkbox.css?inline";
import closeButton from "@mantine/core/styles/CloseButton.css?inline";
import combobox from "@mantine/core/styles/Combobox.css?inline";
import fieldset from "@mantine/core/styles/Fieldset.css?inline";
import flex from "@mantine/core/styles/Flex.css?inline";
import global from "@mantine/core/styles/global.css?inline";
import group from "@mantine/core/styles/Group.css?inline";
import inlineInput from "@mantine/core/styles/InlineInput.css?inline";
import input from "@mantine/core/styles/Input.css?inline";
import list from "@mantine/core/styles/List.css?inline";
import loader from "@mantine/core/styles/Loader.css?inline";
import passwordInput from "@mantine/core/styles/PasswordInput.css?inline";
import pill from "@mantine/core/styles/Pill.css?inline";
import pillsInput from "@mantine/core/styles/PillsInput.css?inline";
import popover from "@mantine/core/styles/Popover.css?inline";
import radio from "@mantine/core/styles/Radio.css?inline";
import scrollArea from "@mantine/core/styles/ScrollArea.css?inline";
import text from "@mantine/core/styles/Text.css?inline";
import unstyledButton from "@mantine/core/styles/UnstyledButton.css?inline";

import form from "./form.css?inline";
import { themeStyles } from "./theme";

// Components that others build on come first.
const STYLES = [
  global,
  unstyledButton,
  actionIcon,
  alert,
  text,
  anchor,
  loader,
  button,
  input,
  inlineInput,
  checkbox,
  closeButton,
  popover,
  scrollArea,
  combobox,
  fieldset,
  flex,
  group,
  list,
  passwordInput,
  pill,
  pillsInput,
  radio,
  form,
];

let sheet: CSSStyleSheet | undefined;

/** The one style sheet of all forms of a page. */
export function styleSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync([themeStyles(), ...STYLES].join("\n"));
  }
  return sheet;
}
