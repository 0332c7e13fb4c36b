// The texts of the page, in English and French. A component takes them from `useMessages`, so that
// a page around it can replace them. The texts of a vendor's form come from the plugin.
import { createContext, useContext } from "react";

import type { Issue, Reason } from "./api";

export interface Messages {
  /** The language tag for dates and for `lang`. */
  locale: string;

  loading: string;
  close: string;
  cancel: string;
  edit: string;
  delete: string;
  save: string;
  saveAnyway: string;
  check: string;
  stop: string;
  checking(vendor: string): string;
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
  howToCreate(vendor: string): string;
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
  credentialExpires(date: string): string;
  credentialExpired(date: string): string;

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

  /** A problem of a field: in the plugin's words, or in those of the page for its own codes. */
  issue(issue: Issue): string;
  /** A problem of the name or the description; the server's message for an unknown code. */
  entry(issue: Issue): string;
  /** Why a call failed, and the next step. `secrets` are the titles of the secret fields. */
  reason(reason: Reason, vendor: string, secrets: string[]): string;
}

function lowered(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** "a", "a and b", "a, b and c". */
function listed(names: string[], and: string): string {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} ${and} ${last}` : last;
}

const UNITS: [unit: string, seconds: number][] = [
  ["day", 24 * 60 * 60],
  ["hour", 60 * 60],
  ["minute", 60],
];

/** "45 seconds", "1 hour", "3 days": in the largest unit of which there are two, or just one. */
function duration(seconds: number, locale: string): string {
  const isApt = ([, size]: [string, number]) => seconds === size || seconds >= 2 * size;
  const [unit, size] = UNITS.find(isApt) ?? ["second", 1];
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return format.format(Math.ceil(seconds / size));
}

/** A name in a sentence: one from right to left must not turn the words around it. */
function isolated(name: string): string {
  return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u.test(name)
    ? `\u2068${name}\u2069`
    : name;
}

const ENGLISH_STAGES: { [stage: string]: string } = {
  dns: "its name could not be resolved",
  connect: "no connection could be opened",
  proxy: "the proxy gave no connection",
  tls: "no secure connection could be agreed on",
  certificate: "its certificate was not accepted",
  timeout: "it took too long",
  "cut-off": "the connection was cut off",
  protocol: "the answer was not HTTP",
};

const ENGLISH: Messages = {
  locale: "en",

  loading: "Loading",
  close: "Close",
  cancel: "Cancel",
  edit: "Edit",
  delete: "Delete",
  save: "Save",
  saveAnyway: "Save anyway",
  check: "Check",
  stop: "Stop",
  checking: (vendor) => `Checking with ${vendor} …`,
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
    `A credential is a key that ${vendor} gives out, usually an id and a secret. With it, this ` +
    `program reads your data there, within the rights of the key. Whoever administers ${vendor} ` +
    "for you can make one.",
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
  howToCreate: (vendor) => `How to create a credential in ${vendor}`,
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
  credentialExpires: (date) => `Expires on ${date}. Create a new one before then.`,
  credentialExpired: (date) => `Expired on ${date}. Create a new one.`,

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

  issue: ({ code, message }) =>
    code === "masked"
      ? "This is the mask that is shown in place of a secret. Enter the secret itself."
      : message,

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
        const stage = ENGLISH_STAGES[reason.stage ?? ""];
        const next =
          reason.stage === "certificate"
            ? "Ask your administrator: a proxy that inspects TLS needs its certificate trusted."
            : "Check the network connection of this machine, and try again.";
        return `No answer came from ${vendor}${stage ? `: ${stage}` : ""}. ${next}`;
      }
      case "denied":
        return `This program may not connect to ${vendor}. Its operator can grant that.`;
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
      case "missing":
        return "This credential does not exist any more. Reload the page.";
      case "conflict":
        return (
          "This credential was changed elsewhere meanwhile. " +
          "Load the saved one, and repeat your changes."
        );
      case "unauthorized":
        return (
          "Only the link that the program printed opens this page. " +
          "Open it again; a program that was started again prints a new one."
        );
      case "gone":
        return (
          "The program behind this page does not answer. " +
          "Start it again, and open its new link."
        );
      case "no-store":
        return `This program cannot store the sessions that ${vendor} needs.`;
      case "store":
        return `The credentials cannot be read or written: ${reason.message ?? "unknown cause"}.`;
      default: {
        const next = reason.retry === false ? "" : " Try again later.";
        return reason.message ? `It failed: ${reason.message}.${next}` : `It failed.${next}`;
      }
    }
  },
};

const FRENCH_STAGES: { [stage: string]: string } = {
  dns: "son nom n’a pas pu être résolu",
  connect: "aucune connexion n’a pu être ouverte",
  proxy: "le proxy n’a pas donné de connexion",
  tls: "aucune connexion sécurisée n’a pu être établie",
  certificate: "son certificat n’a pas été accepté",
  timeout: "le délai est dépassé",
  "cut-off": "la connexion a été coupée",
  protocol: "la réponse n’était pas du HTTP",
};

const FRENCH: Messages = {
  locale: "fr",

  loading: "Chargement",
  close: "Fermer",
  cancel: "Annuler",
  edit: "Modifier",
  delete: "Supprimer",
  save: "Enregistrer",
  saveAnyway: "Enregistrer quand même",
  check: "Vérifier",
  stop: "Arrêter",
  checking: (vendor) => `Vérification auprès de ${vendor} …`,
  tryAgain: "Réessayer",

  product: "Connector",
  pageFailed: "La page ne peut pas être affichée",
  step: (step, of) => `Étape ${step} sur ${of}`,
  chooseVendor: "Choisir un fournisseur",
  chooseVendorHelp:
    "Quelles données voulez-vous connecter ? À l’étape suivante, vous ajoutez et vérifiez des " +
    "identifiants.",
  chooseAnotherVendor: "Choisir un autre fournisseur",
  openVendor: "Ajouter ou choisir un identifiant",

  authenticateWith: (vendor) => `S’authentifier auprès de ${vendor}`,
  chooseCredential: "Choisissez un identifiant, ou ajoutez-en un.",
  noneTitle: "Pas encore d’identifiant",
  noneHelp: (vendor) =>
    `Un identifiant est une clé délivrée par ${vendor}, le plus souvent un nom et un secret. ` +
    "Avec elle, ce programme y lit vos données, dans la limite des droits de la clé. " +
    `La personne qui administre ${vendor} chez vous peut en créer un.`,
  prerequisites: "Prérequis",
  credentials: "Identifiants",
  addCredential: "Ajouter un identifiant",
  failed: "L’opération a échoué",
  savedOn: (date) => `Enregistré le ${date}`,
  works: "Fonctionne",
  refused: "Refusé",
  notChecked: "Non vérifié",
  saved: (name) => `${isolated(name)} est enregistré.`,
  deleted: (name) => `${isolated(name)} est supprimé.`,
  deletedElsewhere: (name) => `${isolated(name)} a été supprimé ailleurs.`,
  search: "Rechercher",
  found: (count, of) => `${count} identifiants sur ${of}`,
  deleteTitle: "Supprimer cet identifiant ?",
  deleteWarning: (name, vendor) =>
    `${isolated(name)} et ses secrets sont supprimés de cette machine. ` +
    `Chez ${vendor}, ils restent valables jusqu’à leur révocation.`,
  keepIt: "Conserver",

  signingIn: "Connexion",
  signedIn: "Connecté",
  notSignedIn: "Non connecté",
  sessionKept: "La session n’a pas été renouvelée ; l’actuelle reste valide",
  howToCreate: (vendor) => `Comment créer un identifiant dans ${vendor}`,
  identity: "Appartient à",
  account: "Compte",
  scopes: "Portées",
  scopesUnknown: (vendor) => `Fixées sur l’identifiant ; ${vendor} ne les indique pas`,
  baseUrl: "URL de base",
  session: "Session",
  use: "Utiliser cet identifiant",
  inUse: (name) => `${isolated(name)} est choisi. Vous pouvez fermer cette page.`,
  refreshSession: "Renouveler la session",
  sessionReplaced: "La session est nouvelle.",
  sessionExpires: (fromNow, at) => `Expire ${fromNow} (${at})`,
  sessionExpired: (at) => `Expirée (${at}) ; renouvelez-la pour continuer`,
  noExpiry: "N’expire pas",
  credential: "Identifiant",
  credentialExpires: (date) => `Expire le ${date}. Créez-en un nouveau avant.`,
  credentialExpired: (date) => `A expiré le ${date}. Créez-en un nouveau.`,

  addTitle: "Ajouter un identifiant",
  editTitle: "Modifier l’identifiant",
  name: "Nom de l’identifiant",
  description: "Description de l’identifiant",
  descriptionHelp:
    "Facultatif. Aide les autres à bien utiliser l’identifiant : " +
    "son usage, l’âge de ses données, son responsable.",
  discardTitle: "Abandonner vos modifications ?",
  discardWarning: "Les valeurs saisies ne sont pas enregistrées.",
  keepEditing: "Continuer la saisie",
  discard: "Abandonner",
  leaveBlank: "Enregistré. Laissez vide pour le conserver.",
  chooseOne: "Choisir",
  noneFound: "Aucun résultat",
  notOnKey: "pas avec cette clé",
  notOffered: (title) => `${title} – pas avec cette clé`,

  accepted: (vendor) => `${vendor} accepte cet identifiant`,
  belongsTo: (identity) => `Il appartient à ${identity}.`,
  fieldSet: (field, value) => `${field} : fixé au seul choix, ${value}.`,
  fieldChoices: (field, count) => `${field} : ${count} choix sont proposés ci-dessus.`,
  fieldUnreached: (field, titles) =>
    `${field} : hors de portée de cet identifiant : ${listed(titles, "et")}.`,
  changeField: (field, titles) =>
    `Modifiez ${field}, ou demandez à un administrateur l’accès à ${listed(titles, "et")}.`,
  reviewAndSave: "Vérifiez les valeurs fixées, puis enregistrez.",
  checkFailed: "La vérification a échoué",
  notSaved: "Non enregistré",
  loadSaved: "Charger la version enregistrée",

  issue: ({ code, message }) =>
    code === "masked"
      ? "Ceci est le masque affiché à la place d’un secret. Saisissez le secret lui-même."
      : message,

  entry: ({ code, message }) => {
    switch (code) {
      case "required":
        return "Donnez à l’identifiant un nom qui permette de le retrouver.";
      case "duplicate":
        return "Un autre identifiant porte ce nom. Choisissez-en un autre.";
      case "format":
        return "Utilisez un nom plus court, sur une seule ligne.";
      case "too-long":
        return "Le texte est trop long.";
      default:
        return message;
    }
  },

  reason: (reason, vendor, secrets) => {
    const wait =
      reason.seconds === undefined ? "plus tard" : `dans ${duration(reason.seconds, "fr")}`;
    const check = listed(secrets, "et") || "identifiant";
    const unconfirmed =
      reason.confirmed === false
        ? " Un pare-feu ou une panne peut causer la même réponse ;" +
          " si l’identifiant est juste, réessayez plus tard."
        : "";
    switch (reason.kind) {
      case "rejected":
        return (
          `${vendor} a refusé l’identifiant. Vérifiez : ${check}. ` +
          `S’il a expiré ou a été révoqué, créez-en un nouveau.${unconfirmed}`
        );
      case "forbidden":
        return (
          `${vendor} connaît l’identifiant, mais n’autorise pas cette demande. ` +
          `Choisissez d’autres valeurs, ou demandez plus de droits.${unconfirmed}`
        );
      case "throttled":
        return `${vendor} a reçu trop de demandes. Réessayez ${wait}.`;
      case "unavailable":
        return (
          `${vendor} ne peut pas répondre maintenant. Réessayez ${wait}. ` +
          `Si cela n’aide pas, vérifiez aussi : ${check}.`
        );
      case "unreachable": {
        const stage = FRENCH_STAGES[reason.stage ?? ""];
        const next =
          reason.stage === "certificate"
            ? "Demandez à votre administrateur : le certificat d’un proxy doit être approuvé."
            : "Vérifiez la connexion réseau de cette machine, et réessayez.";
        return `Aucune réponse de ${vendor}${stage ? ` : ${stage}` : ""}. ${next}`;
      }
      case "denied":
        return `Ce programme ne peut pas se connecter à ${vendor} sans l’accord de son opérateur.`;
      case "invalid-response":
        return (
          `La réponse de ${vendor} n’est pas conforme à sa documentation. ` +
          "Elle vient peut-être d’un proxy ou d’une page de maintenance ; réessayez plus tard."
        );
      case "invalid-credential":
      case "entry":
        return "Des champs sont à corriger ; voyez ceux qui sont marqués.";
      case "unsaved":
        return `Pour ${vendor}, enregistrez l’identifiant, puis choisissez-le pour le vérifier.`;
      case "missing":
        return "Cet identifiant n’existe plus. Rechargez la page.";
      case "conflict":
        return (
          "Cet identifiant a été modifié ailleurs entre-temps. " +
          "Chargez la version enregistrée, et refaites vos modifications."
        );
      case "unauthorized":
        return (
          "Seul le lien affiché par le programme ouvre cette page. " +
          "Ouvrez-le de nouveau ; un programme relancé en affiche un autre."
        );
      case "gone":
        return "Le programme de cette page ne répond pas. Relancez-le, puis ouvrez son lien.";
      case "no-store":
        return `Ce programme ne peut pas conserver les sessions dont ${vendor} a besoin.`;
      case "store":
        return `Impossible de lire ou d’écrire les identifiants : ${reason.message ?? "?"}.`;
      default: {
        const next = reason.retry === false ? "" : " Réessayez plus tard.";
        return reason.message ? `Échec : ${reason.message}.${next}` : `Échec.${next}`;
      }
    }
  },
};

/** The messages and dates in the first available language, else in English. */
export function messagesFor(languages: readonly string[]): Messages {
  for (const tag of languages) {
    const language = tag.split("-")[0]?.toLowerCase();
    const found = [ENGLISH, FRENCH].find(({ locale }) => locale === language);
    if (found) return { ...found, locale: tag };
  }
  return ENGLISH;
}

const MessagesContext = createContext(ENGLISH);

export const MessagesProvider = MessagesContext.Provider;

export function useMessages(): Messages {
  return useContext(MessagesContext);
}

/** The URL if it is safe to link: a plugin could declare one that runs a script. */
export function safeLink(url: string | undefined): string | undefined {
  return url?.startsWith("https://") ? url : undefined;
}
