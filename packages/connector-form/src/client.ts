// The calls that the form makes, and their data. A page implements `Client` for its own server; the
// form sends no request by itself.

/** A JSON value. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The fields of a credential document, by name. */
export type Fields = { [name: string]: Json | undefined };

/** A JSON Schema (2020-12) of a credential document, as the plugin's `credential-schema` has it. */
export type JsonSchema = { [keyword: string]: unknown };

/** A vendor and its description: facts of the plugin's `vendors` and `describe`. */
export interface Vendor {
  id: string;
  /** The requirement of a check; `none` if the vendor has no inspection. */
  inspection: "none" | "credential" | "session";
  name: string;
  summary?: string;
  prerequisites?: string[];
  /** The vendor's page on which people create a credential. Only `https:` is linked. */
  setup_url?: string;
  documentation_url?: string;
  /** A data URI of an image; anything else is not loaded. */
  icon?: string;
}

/** A saved credential: the values of its other fields, and the names of its secret ones. */
export interface Saved {
  id: string | number;
  name: string;
  description: string | null;
  vendor: string;
  fields: Fields;
  /** The names of the secret fields that have a saved value. */
  secrets: string[];
  /** Another one after each save. */
  version: string | number;
}

/** The access of a credential, as far as the vendor reports it: the result of `inspect`. */
export interface Access {
  /** The vendor's name for the holder of the credential. */
  identity?: string;
  scopes: string[];
  fields: FieldChoices[];
  /** The end of the credential itself, as an RFC 3339 date and time. */
  credential_expires_at?: string;
}

/** The choices that the vendor offers for one field of the form. */
export interface FieldChoices {
  /** A JSON pointer into the credential document, like those of `depends_on`. */
  pointer: string;
  choices: Choice[];
  /** Whether other values are impossible. */
  complete: boolean;
  /** The fields whose change makes these choices stale. */
  depends_on: string[];
}

/** A value of the field's type, and its title. */
export interface Choice {
  value: Json;
  title: string;
}

/** A problem of the entered data: the JSON pointer of its field, a code, and a message. */
export interface Issue {
  pointer: string;
  code?: string;
  message: string;
}

/** A credential document; for an edit, also the saved credential that keeps blank secrets. */
export interface Draft {
  vendor: string;
  credential: Fields;
  /** The id of the saved credential whose secrets replace those left blank. */
  keep?: Saved["id"];
}

/** A credential to save. With `keep`, it replaces the saved credential of this id and version. */
export interface Entry extends Draft {
  name: string;
  description: string;
  version?: Saved["version"];
}

/** The reason of a failed call. */
export interface Reason {
  /**
   * A case of the contract's `error` (`rejected`, `forbidden`, `throttled`, `unavailable`,
   * `unreachable`, `denied`, `invalid-response`, `invalid-credential`), or one of the page:
   * `entry` (issues of the name or the description), `unsaved` (only saved credentials can be
   * checked), `missing`, `conflict` (another version was saved meanwhile), `unauthorized`, `gone`
   * (the server does not answer), `no-store`, `store`. Any other kind shows `message`.
   */
  kind: string;
  message?: string;
  issues?: Issue[];
  /** A pause that the vendor asks for. */
  seconds?: number;
  /** For `unreachable`: the stage at which the connection failed. */
  stage?: string;
  /** For a refusal: whether the vendor's code makes it final. */
  confirmed?: boolean;
  /** For other errors: whether a retry may help. */
  retry?: boolean;
}

/** The error of a failed call. Any thrown object with such a `reason` is understood. */
export class Failed extends Error {
  constructor(readonly reason: Reason) {
    super(reason.message ?? reason.kind);
    this.name = "Failed";
  }
}

/** The circumstances of a call. */
export interface Call {
  /** The languages of the form, the best first, as BCP 47 tags. */
  locales: readonly string[];
  /** Aborted when the result is no longer needed. */
  signal: AbortSignal;
}

/**
 * The calls of the form. A failed call throws `Failed`, or any error with a `reason`. No result has
 * a secret.
 */
export interface Client<S extends Saved = Saved> {
  /** The vendors to choose from. A person chooses if there are several. */
  vendors(call: Call): Promise<Vendor[]>;
  /** The schema of a vendor's credential document. */
  schema(vendor: string, call: Call): Promise<JsonSchema>;
  /** All problems of a document, without a request to the vendor. */
  validate(draft: Draft, call: Call): Promise<{ issues: Issue[] }>;
  /** Checks a document at the vendor. An abort stops it. */
  inspect(draft: Draft, call: Call): Promise<Access>;
  /** Saves a credential, or fails with `conflict` if `version` is not the saved one. */
  save(entry: Entry, call: Call): Promise<S>;
  /** The saved credential as it is now; needed only if `save` can fail with `conflict`. */
  load?(id: Saved["id"], call: Call): Promise<S>;
}

/** The reason of an error of any kind. */
export function reasonOf(error: unknown): Reason {
  const reason = (error as { reason?: Partial<Reason> } | null | undefined)?.reason;
  return typeof reason?.kind === "string" ? (reason as Reason) : { kind: "unknown" };
}
