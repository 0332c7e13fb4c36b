// The focus within the form.

/** Moves the focus to the first field with a problem. */
export function focusFirstProblem(form: HTMLFormElement | null) {
  const selector = "[aria-invalid=true], .mantine-InputWrapper-error";
  const first = form?.querySelector<HTMLElement>(selector);
  const field = first?.matches("input, textarea")
    ? first
    : first?.parentElement?.querySelector<HTMLElement>("input:not([type=hidden])");
  field?.focus();
}
