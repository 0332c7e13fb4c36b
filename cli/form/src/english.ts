// The texts of the page in English.
import { isolated } from "./bidi";
import type { PageMessages } from "./messages";

export const english: PageMessages = {
  locale: "en",

  loading: "Loading",
  close: "Close",
  edit: "Edit",
  delete: "Delete",
  tryAgain: "Try again",

  product: "Connector",
  pageFailed: "The page cannot be shown",
  step: (step, of) => `Step ${step} of ${of}`,
  chooseVendor: "Choose a vendor",
  chooseVendorHelp:
    "Whose data do you want to connect? In the next step you add and check credentials.",
  chooseAnotherVendor: "Choose another vendor",
  openVendor: "Add or choose a credential",

  authenticateWith: (vendor) => `Authenticate with ${vendor}`,
  chooseCredential: "Choose a credential, or add one.",
  noneTitle: "No credentials yet",
  noneHelp: (vendor) =>
    `A credential is a key that ${vendor} issues, usually an id and a secret. With it, this ` +
    "program reads your data there, within the rights of the key. An administrator of your " +
    `${vendor} account can create one.`,
  prerequisites: "Prerequisites",
  credentials: "Credentials",
  addCredential: "Add credential",
  failed: "That did not work",
  savedOn: (date) => `Saved ${date}`,
  works: "Works",
  refused: "Refused",
  notChecked: "Not checked",
  saved: (name) => `${isolated(name)} is saved.`,
  deleted: (name) => `${isolated(name)} is deleted.`,
  deletedElsewhere: (name) => `${isolated(name)} was deleted elsewhere.`,
  search: "Search",
  found: (count, of) => `${count} of ${of} credentials`,
  deleteTitle: "Delete this credential?",
  deleteWarning: (name, vendor) =>
    `${isolated(name)} and its secrets are deleted from this machine. ` +
    `At ${vendor} they stay valid until they are revoked there.`,
  keepIt: "Keep it",

  signingIn: "Signing in",
  signedIn: "Signed in",
  notSignedIn: "Not signed in",
  sessionKept: "The session was not refreshed; the current one stays valid",
  identity: "Belongs to",
  account: "Account",
  scopes: "Scopes",
  scopesUnknown: (vendor) => `Fixed on the credential; ${vendor} does not name them`,
  baseUrl: "Base URL",
  session: "Session",
  use: "Use this credential",
  inUse: (name) => `${isolated(name)} is chosen. You can close this page.`,
  refreshSession: "Refresh session",
  sessionReplaced: "The session is new.",
  sessionExpires: (fromNow, at) => `Expires ${fromNow} (${at})`,
  sessionExpired: (at) => `Expired (${at}); refresh it to continue`,
  noExpiry: "Does not expire",
  credential: "Credential",

  unauthorized:
    "Only the link that the program printed opens this page. " +
    "Open it again; a program that was started again prints a new one.",
  gone:
    "The program behind this page does not answer. Start it again, and open its new link.",
  noStore: (vendor) => `This program cannot store the sessions that ${vendor} needs.`,
  denied: (vendor) =>
    `This program may not connect to ${vendor}. Start it again with that origin granted.`,
};
