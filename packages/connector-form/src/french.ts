// The texts of the form in French.
import type { Messages } from "./messages";
import { duration, listed } from "./wording";

const STAGES: { [stage: string]: string } = {
  dns: "son nom n’a pas pu être résolu",
  connect: "aucune connexion n’a pu être ouverte",
  proxy: "le proxy n’a pas donné de connexion",
  tls: "aucune connexion sécurisée n’a pu être établie",
  certificate: "son certificat n’a pas été accepté",
  timeout: "le délai est dépassé",
  "cut-off": "la connexion a été coupée",
  protocol: "la réponse n’était pas du HTTP",
};

export const french: Messages = {
  locale: "fr",

  loading: "Chargement",
  close: "Fermer",
  cancel: "Annuler",
  save: "Enregistrer",
  saveAnyway: "Enregistrer quand même",
  check: "Vérifier",
  stop: "Arrêter",
  checking: (vendor) => `Vérification auprès de ${vendor} …`,
  failed: "L’opération a échoué",

  chooseVendor: "Choisir un fournisseur",
  chooseAnotherVendor: "Choisir un autre fournisseur",
  howToCreate: (vendor) => `Comment créer un identifiant dans ${vendor}`,

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
  credentialExpires: (date) => `Expire le ${date}. Créez-en un nouveau avant.`,
  credentialExpired: (date) => `A expiré le ${date}. Créez-en un nouveau.`,

  issue: ({ code, message }) => {
    switch (code) {
      case "masked":
        return "Ceci est le masque affiché à la place d’un secret. Saisissez le secret lui-même.";
      case "line-break":
        return "Il y a un saut de ligne à l’intérieur. Supprimez-le, ou collez tout sur une ligne.";
      default:
        return message;
    }
  },

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
        const stage = STAGES[reason.stage ?? ""];
        const next =
          reason.stage === "certificate"
            ? "Demandez à votre administrateur : le certificat d’un proxy doit être approuvé."
            : "Vérifiez la connexion réseau de cette machine, et réessayez.";
        return `Aucune réponse de ${vendor}${stage ? ` : ${stage}` : ""}. ${next}`;
      }
      case "denied":
        return `Les requêtes vers ${vendor} sont bloquées. L’opérateur peut les autoriser.`;
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
      case "unknown-vendor":
        return `${vendor} ne peut pas être choisi ici.`;
      case "missing":
        return "Cet identifiant n’existe plus. Rechargez la page.";
      case "conflict":
        return (
          "Cet identifiant a été modifié ailleurs entre-temps. " +
          "Chargez la version enregistrée, et refaites vos modifications."
        );
      case "unauthorized":
        return "Vous n’avez pas ou plus accès. Connectez-vous de nouveau à cette page.";
      case "gone":
        return "Le serveur de cette page ne répond pas. Vérifiez la connexion, et réessayez.";
      case "no-store":
        return `Ce service ne peut pas conserver les sessions dont ${vendor} a besoin.`;
      case "store":
        return `Impossible de lire ou d’écrire les identifiants : ${reason.message ?? "?"}.`;
      default: {
        const next = reason.retry === false ? "" : " Réessayez plus tard.";
        return reason.message ? `Échec : ${reason.message}.${next}` : `Échec.${next}`;
      }
    }
  },
};
