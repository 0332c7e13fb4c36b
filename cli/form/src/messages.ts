// The texts of the page, in English and French. Those of the form are in its package, and those of
// a vendor's form come from the plugin.
import { messagesFor as formMessagesFor, type Messages as FormMessages } from "connector-form";
import { createContext, useContext } from "react";

import { english } from "./english";
import { french } from "./french";

/** The texts beside those of the form. */
export interface PageMessages {
  /** The language tag for dates and for `lang`. */
  locale: string;

  loading: string;
  close: string;
  edit: string;
  delete: string;
  tryAgain: string;

  product: string;
  pageFailed: string;
  step(step: number, of: number): string;
  chooseVendor: string;
  chooseVendorHelp: string;
  chooseAnotherVendor: string;
  openVendor: string;

  authenticateWith(vendor: string): string;
  chooseCredential: string;
  /** Without a saved credential: what one is, and who makes one. */
  noneTitle: string;
  noneHelp(vendor: string): string;
  prerequisites: string;
  credentials: string;
  addCredential: string;
  failed: string;
  savedOn(date: string): string;
  /** The states of a tile. */
  works: string;
  refused: string;
  notChecked: string;
  saved(name: string): string;
  deleted(name: string): string;
  deletedElsewhere(name: string): string;
  search: string;
  found(count: number, of: number): string;
  deleteTitle: string;
  deleteWarning(name: string, vendor: string): string;
  keepIt: string;

  signingIn: string;
  signedIn: string;
  notSignedIn: string;
  /** A refresh failed, and the current session is still valid. */
  sessionKept: string;
  identity: string;
  account: string;
  scopes: string;
  scopesUnknown(vendor: string): string;
  baseUrl: string;
  session: string;
  /** The end of the way through the page. */
  use: string;
  inUse(name: string): string;
  refreshSession: string;
  sessionReplaced: string;
  /** `fromNow` is "in 59 minutes" in the language of `locale`. */
  sessionExpires(fromNow: string, at: string): string;
  sessionExpired(at: string): string;
  noExpiry: string;
  credential: string;

  /** Reasons whose next step is one at the program behind this page. */
  unauthorized: string;
  gone: string;
  noStore(vendor: string): string;
  denied(vendor: string): string;
}

export type Messages = FormMessages & PageMessages;

/** The messages and dates in the first available language, else in English. */
export function messagesFor(languages: readonly string[]): Messages {
  const form = formMessagesFor(languages);
  const page = [english, french].find(({ locale }) => form.locale.startsWith(locale)) ?? english;
  const reason: Messages["reason"] = (reason, vendor, secrets) => {
    switch (reason.kind) {
      case "unauthorized":
        return page.unauthorized;
      case "gone":
        return page.gone;
      case "no-store":
        return page.noStore(vendor);
      case "denied":
        return page.denied(vendor);
      default:
        return form.reason(reason, vendor, secrets);
    }
  };
  return { ...form, ...page, locale: form.locale, reason };
}

const MessagesContext = createContext(messagesFor(["en"]));

export const MessagesProvider = MessagesContext.Provider;

export function useMessages(): Messages {
  return useContext(MessagesContext);
}
