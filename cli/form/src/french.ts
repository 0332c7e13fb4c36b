// The texts of the page in French.
import { isolated } from "./bidi";
import type { PageMessages } from "./messages";

export const french: PageMessages = {
  locale: "fr",

  loading: "Chargement",
  close: "Fermer",
  edit: "Modifier",
  delete: "Supprimer",
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
    `Un administrateur de votre compte ${vendor} peut en créer un.`,
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

  unauthorized:
    "Seul le lien affiché par le programme ouvre cette page. " +
    "Ouvrez-le de nouveau ; un programme relancé en affiche un autre.",
  gone: "Le programme de cette page ne répond pas. Relancez-le, puis ouvrez son lien.",
  noStore: (vendor) =>
    `Ce programme ne peut pas conserver les sessions dont ${vendor} a besoin.`,
  denied: (vendor) =>
    `Ce programme ne peut pas se connecter à ${vendor}. Relancez-le avec cette origine autorisée.`,
};
