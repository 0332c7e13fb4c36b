// The texts of the form. English and French are built in, and a page can replace each of them. The
// texts of a vendor's form come from the plugin.
import type { Issue, Reason } from "./client";
import { english } from "./english";
import { french } from "./french";

/** The texts of the form, in one language. */
export interface Messages {
  /** The language tag for dates and for `lang`. */
  locale: string;

  loading: string;
  close: string;
  cancel: string;
  save: string;
  saveAnyway: string;
  check: string;
  stop: string;
  checking(vendor: string): string;
  failed: string;

  chooseVendor: string;
  chooseAnotherVendor: string;
  howToCreate(vendor: string): string;

  addTitle: string;
  editTitle: string;
  name: string;
  description: string;
  descriptionHelp: string;
  discardTitle: string;
  discardWarning: string;
  keepEditing: string;
  discard: string;
  leaveBlank: string;
  chooseOne: string;
  noneFound: string;
  /** Stands after an option that the credential does not reach. */
  notOnKey: string;
  notOffered(title: string): string;

  accepted(vendor: string): string;
  belongsTo(identity: string): string;
  fieldSet(field: string, value: string): string;
  fieldChoices(field: string, count: number): string;
  fieldUnreached(field: string, titles: string[]): string;
  changeField(field: string, titles: string[]): string;
  /** The check has set fields. */
  reviewAndSave: string;
  checkFailed: string;
  notSaved: string;
  loadSaved: string;
  credentialExpires(date: string): string;
  credentialExpired(date: string): string;

  /** A problem of a field: in the plugin's words, or in those of the form for its own codes. */
  issue(issue: Issue): string;
  /** A problem of the name or the description; the client's message for an unknown code. */
  entry(issue: Issue): string;
  /** Why a call failed, and the next step. `secrets` are the titles of the secret fields. */
  reason(reason: Reason, vendor: string, secrets: string[]): string;
}

/** The messages in the first available language, else in English. */
export function messagesFor(languages: readonly string[]): Messages {
  for (const tag of languages) {
    const language = tag.split("-")[0]?.toLowerCase();
    const found = [english, french].find(({ locale }) => locale === language);
    if (found) return { ...found, locale: tag };
  }
  return english;
}

/** The URL if it is safe to link: a plugin could declare one that runs a script. */
export function safeLink(url: string | undefined): string | undefined {
  return url?.startsWith("https://") ? url : undefined;
}

/** The end of the credential itself, as a warning. */
export function credentialExpiry(at: string, messages: Messages): string {
  const end = new Date(at);
  const date = end.toLocaleDateString(messages.locale, { dateStyle: "long" });
  const isOver = end.getTime() <= Date.now();
  return isOver ? messages.credentialExpired(date) : messages.credentialExpires(date);
}
