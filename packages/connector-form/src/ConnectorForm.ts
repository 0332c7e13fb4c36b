// The React component. It renders the web component, so that the form's styles and the page's
// styles stay apart in the same way.
import { createElement, useEffect, useLayoutEffect, useRef } from "react";

import type { Access, Client, Saved } from "./client";
import type { CheckedDetail, ConnectorFormElement } from "./element";
import "./element";
import type { FormSettings } from "./settings";

/** The properties of the component. */
export interface ConnectorFormProps<S extends Saved = Saved>
  extends Omit<FormSettings, "client"> {
  client: Client<S>;
  /** A credential was saved; `access` is the result of a check of the saved document. */
  onSaved?: (saved: S, access: Access | undefined) => void;
  /** The vendor was asked: what the credential reaches, or why the check failed. */
  onChecked?: (checked: CheckedDetail) => void;
  /** The form was closed: by a person, or after it saved. */
  onClosed?: () => void;
}

/**
 * The form, which is open as long as it is rendered, until a person closes it. `onClosed` is the
 * time to render it no longer.
 */
export function ConnectorForm<S extends Saved = Saved>(props: ConnectorFormProps<S>) {
  const element = useRef<ConnectorFormElement>(null);
  const latest = useRef(props);
  const { client, vendor, saved, locales, messages, colorScheme, backCloses } = props;

  useLayoutEffect(() => {
    latest.current = props;
    const form = element.current;
    if (!form) return;
    Object.assign(form, { client, vendor, saved, locales, messages, colorScheme, backCloses });
  });

  useEffect(() => {
    const form = element.current;
    if (!form) return;
    const ended = new AbortController();
    const { signal } = ended;
    form.addEventListener(
      "saved",
      ({ detail }) => latest.current.onSaved?.(detail.saved as S, detail.access),
      { signal },
    );
    const onChecked = (event: CustomEvent<CheckedDetail>) =>
      latest.current.onChecked?.(event.detail);
    form.addEventListener("checked", onChecked, { signal });
    form.addEventListener("closed", () => latest.current.onClosed?.(), { signal });
    form.open = true;
    return () => ended.abort();
  }, []);
  return createElement("connector-form", { ref: element });
}
