// What a page gives to the form, and what the form tells it. No type of a library is in it, so that
// a page can use it without the libraries.
import type { Access, Client, Reason, Saved } from "./client";
import type { Messages } from "./messages";

export type ColorScheme = "light" | "dark";

/** The settings of the form, which a page gives. */
export interface FormSettings {
  client: Client;
  /** The id of the vendor. Without it a person chooses, if there are several. */
  vendor?: string | undefined;
  /** The credential to edit; absent for a new one. */
  saved?: Saved | undefined;
  /** The languages of the form, the best first; those of the browser if absent. */
  locales?: readonly string[] | undefined;
  /** Texts in place of the built-in ones. */
  messages?: Partial<Messages> | undefined;
  /** Follows the device if absent or `auto`. */
  colorScheme?: ColorScheme | "auto" | undefined;
  /** Whether the browser's Back leaves the form. It then adds an entry to the history. */
  backCloses?: boolean | undefined;
}

/** The result of a check: what the credential reaches, or why the check failed. */
export type Checked = { vendor: string } & ({ access: Access } | { reason: Reason });

/** The events of the form. */
export interface FormEvents {
  /** `access` is the result of the last check, if it is about the saved document. */
  onSaved: (saved: Saved, access: Access | undefined) => void;
  onChecked: (checked: Checked) => void;
  onClose: () => void;
}
