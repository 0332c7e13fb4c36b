// What a person is told when a call brings no result: what happened, and what to do about it.
import type { Reason, Vendor } from "./api";

const STAGES: { [stage: string]: string } = {
  dns: "its name could not be found",
  connect: "no connection came about",
  tls: "it could not prove who it is",
  timeout: "it took too long",
  "cut-off": "the connection broke off",
  protocol: "what came was not HTTP",
};

/** `secrets` are the titles of the fields that a person would look at first. */
export function words(reason: Reason, vendor: Vendor, secrets: string[]): string {
  const name = vendor.display_name;
  const wait = reason.seconds === undefined ? "in a while" : `in ${reason.seconds} seconds`;
  switch (reason.kind) {
    case "rejected":
      return `${name} refused the credential. Check the ${list(secrets) || "credential"}; in ${name} a key may have expired after a year, or been revoked: then make a new one.`;
    case "forbidden":
      return `${name} knows the key, and does not allow this with it. Choose another scope or project, or ask an administrator to give the key more.`;
    case "throttled":
      return `${name} was asked too often. Try again ${wait}.`;
    case "unavailable":
      return `${name} cannot answer now. Try again ${wait}; if that does not help, check the ${list(secrets) || "credential"} too.`;
    case "unreachable": {
      const stage = STAGES[reason.stage ?? ""];
      return `No answer came from ${name}${stage ? `: ${stage}` : ""}. Check the connection of this machine, and try again.`;
    }
    case "denied":
      return `This program is not allowed to reach ${name}. Whoever runs it has to grant that.`;
    case "unintelligible":
      return `${name} answered something else than it documents. Perhaps a proxy or a maintenance page stands between; try again later.`;
    case "invalid-credential":
    case "about":
      return "Something is not right yet; see the marked fields.";
    case "missing":
      return "This credential is not there any more. Somebody may have removed it; reload the page.";
    case "gone":
      return "The program that serves this page does not answer. See whether it is still running, and reload the page.";
    case "store":
      return `The credentials cannot be read or written: ${reason.message ?? "the store failed"}.`;
    default:
      return reason.message ? `That did not work: ${reason.message}.` : "That did not work. Reload the page and try again.";
  }
}

/** "a", "a and b", "a, b and c", without capitals, as within a sentence. */
export function list(names: string[]): string {
  const lower = names.map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  const last = lower.pop();
  return lower.length > 0 ? `${lower.join(", ")} and ${last}` : (last ?? "");
}

/** Only what leads to a web page; a schema of another kind does not become a link. */
export function safeLink(url: string): string | undefined {
  return url.startsWith("https://") ? url : undefined;
}
