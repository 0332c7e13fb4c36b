// The texts of the form in English.
import type { Messages } from "./messages";
import { duration, listed, lowered } from "./wording";

const STAGES: { [stage: string]: string } = {
  dns: "its name could not be resolved",
  connect: "no connection could be opened",
  proxy: "the proxy gave no connection",
  tls: "no secure connection could be agreed on",
  certificate: "its certificate was not accepted",
  timeout: "it took too long",
  "cut-off": "the connection was cut off",
  protocol: "the answer was not HTTP",
};

export const english: Messages = {
  locale: "en",

  loading: "Loading",
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  saveAnyway: "Save anyway",
  check: "Check",
  stop: "Stop",
  checking: (vendor) => `Checking with ${vendor} …`,
  failed: "That did not work",

  chooseVendor: "Choose a vendor",
  chooseAnotherVendor: "Choose another vendor",
  howToCreate: (vendor) => `How to create a credential in ${vendor}`,

  addTitle: "Add new credential",
  editTitle: "Edit credential",
  name: "Credential name",
  description: "Credential description",
  descriptionHelp:
    "Optional. It helps others to use the credential well: " +
    "its purpose, the age of its data, its owner.",
  discardTitle: "Discard your changes?",
  discardWarning: "The entered values are not saved.",
  keepEditing: "Keep editing",
  discard: "Discard",
  leaveBlank: "Saved. Leave blank to keep it.",
  chooseOne: "Choose one",
  noneFound: "No match",
  notOnKey: "not on this key",
  notOffered: (title) => `${title} – not on this key`,

  accepted: (vendor) => `${vendor} accepts this credential`,
  belongsTo: (identity) => `It belongs to ${identity}.`,
  fieldSet: (field, value) => `${field} is set to the only choice: ${value}.`,
  fieldChoices: (field, count) => `${field}: ${count} choices are offered above.`,
  fieldUnreached: (field, titles) =>
    `${field}: not available to this credential: ${listed(titles, "and")}.`,
  changeField: (field, titles) =>
    `Change ${field}, or ask an administrator for access to ${listed(titles, "and")}.`,
  reviewAndSave: "Look at what was set, then save.",
  checkFailed: "The check failed",
  notSaved: "Not saved",
  loadSaved: "Load the saved one",
  credentialExpires: (date) => `Expires on ${date}. Create a new one before then.`,
  credentialExpired: (date) => `Expired on ${date}. Create a new one.`,

  issue: ({ code, message }) => {
    switch (code) {
      case "masked":
        return "This is the mask that is shown in place of a secret. Enter the secret itself.";
      case "line-break":
        return "There is a line break inside. Remove it, or copy and paste the text in one line.";
      default:
        return message;
    }
  },

  entry: ({ code, message }) => {
    switch (code) {
      case "required":
        return "Give the credential a name, by which you can find it again.";
      case "duplicate":
        return "Another credential has this name. Choose a different one.";
      case "format":
        return "Use a shorter name, on one line.";
      default:
        return message;
    }
  },

  reason: (reason, vendor, secrets) => {
    const wait = reason.seconds === undefined ? "later" : `in ${duration(reason.seconds, "en")}`;
    const check = listed(secrets.map(lowered), "and") || "credential";
    const unconfirmed =
      reason.confirmed === false
        ? " A firewall or a fault can cause the same answer;" +
          " if the credential is right, try again later."
        : "";
    switch (reason.kind) {
      case "rejected":
        return (
          `${vendor} refused the credential. Check the ${check}. ` +
          `If it has expired or was revoked, create a new one.${unconfirmed}`
        );
      case "forbidden":
        return (
          `${vendor} knows the credential, but does not allow this request with it. ` +
          `Choose other values, or ask an administrator for more access.${unconfirmed}`
        );
      case "throttled":
        return `${vendor} received too many requests. Try again ${wait}.`;
      case "unavailable":
        return (
          `${vendor} cannot answer now. Try again ${wait}. ` +
          `If that does not help, check the ${check} too.`
        );
      case "unreachable": {
        const stage = STAGES[reason.stage ?? ""];
        const next =
          reason.stage === "certificate"
            ? "Ask your administrator: a proxy that inspects TLS needs its certificate trusted."
            : "Check the network connection of this machine, and try again.";
        return `No answer came from ${vendor}${stage ? `: ${stage}` : ""}. ${next}`;
      }
      case "denied":
        return `Requests to ${vendor} are blocked. The operator of this service can allow them.`;
      case "invalid-response":
        return (
          `The answer of ${vendor} is not as documented. ` +
          "It may come from a proxy or a maintenance page; try again later."
        );
      case "invalid-credential":
      case "entry":
        return "Some fields need a correction; see the marked ones.";
      case "unsaved":
        return `${vendor} checks saved credentials only. Save this one, then choose it.`;
      case "unknown-vendor":
        return `${vendor} cannot be chosen here.`;
      case "missing":
        return "This credential does not exist any more. Reload the page.";
      case "conflict":
        return (
          "This credential was changed elsewhere meanwhile. " +
          "Load the saved one, and repeat your changes."
        );
      case "unauthorized":
        return "You have no access, or it has ended. Sign in to this page again.";
      case "gone":
        return "The server of this page does not answer. Check your connection, and try again.";
      case "no-store":
        return `This service cannot store the sessions that ${vendor} needs.`;
      case "store":
        return `The credentials cannot be read or written: ${reason.message ?? "unknown cause"}.`;
      default: {
        const next = reason.retry === false ? "" : " Try again later.";
        return reason.message ? `It failed: ${reason.message}.${next}` : `It failed.${next}`;
      }
    }
  },
};
