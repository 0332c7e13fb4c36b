// The focus within the form.
import { useEffect, useRef, type RefObject } from "react";

/** Moves the focus to the first field with a problem. */
export function focusFirstProblem(form: HTMLFormElement | null) {
  const selector = "[aria-invalid=true], .mantine-InputWrapper-error";
  const first = form?.querySelector<HTMLElement>(selector);
  const field = first?.matches("input, textarea")
    ? first
    : first?.parentElement?.querySelector<HTMLElement>("input:not([type=hidden])");
  field?.focus();
}

/** Gives the focus back to a button that lost it because it was disabled meanwhile. */
export function useKeptFocus(form: RefObject<HTMLElement | null>, isBusy: boolean) {
  const kept = useRef<HTMLElement>(null);
  useEffect(() => {
    const root = form.current?.getRootNode();
    if (!(root instanceof ShadowRoot)) return;
    if (!isBusy && root.activeElement === null) kept.current?.focus();
    const keep = ({ target }: Event) => {
      kept.current = target as HTMLElement;
    };
    root.addEventListener("focusin", keep);
    return () => root.removeEventListener("focusin", keep);
  }, [form, isBusy]);
}
