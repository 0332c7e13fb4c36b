// Calls the server of this page, with the token of the printed link. No response has a secret or a
// token.
import { accessToken } from "./address";

/** A JSON document. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The fields of a credential document, by name. */
export type Fields = { [name: string]: Json | undefined };

/** A vendor and its description, in a language of the browser. */
export interface Vendor {
  id: string;
  /** The requirement of a check; `none` if the vendor has no inspection. */
  inspection: "none" | "credential" | "session";
  name: string;
  summary?: string;
  prerequisites?: string[];
  setup_url?: string;
  documentation_url?: string;
  icon?: string;
}

/** A saved credential: the values of its other fields, and the names of its secret ones. */
export interface Saved {
  id: number;
  name: string;
  description: string | null;
  vendor: string;
  fields: Fields;
  secrets: string[];
  /** Another one after each save. */
  version: number;
  updated_at: string;
  /** The result of the last sign-in with this version, since the program started. */
  check?: Checked;
}

/** Whether the vendor accepted a saved credential, and whose it is. */
export interface Checked {
  works: boolean;
  identity?: string;
  account?: string;
  account_title?: string;
}

/** The access of a credential, as far as the vendor reports it. */
export interface Access {
  /** The vendor's name for the holder of the credential. */
  identity?: string;
  scopes: string[];
  fields: FieldChoices[];
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

export interface Choice {
  value: Json;
  title: string;
}

export interface Session {
  base_url: string;
  scopes: string[];
  account?: string;
  issued_at: string;
  /** Absent when the session does not expire. */
  expires_at?: string;
}

/** A problem of the entered data: the JSON pointer of its field, a code, and a message. */
export interface Issue {
  pointer: string;
  code?: string;
  message: string;
}

/**
 * A credential document; for an edit, also the saved credential whose secrets replace those left
 * blank.
 */
export interface Draft {
  vendor: string;
  credential: Fields;
  keep?: number;
}

export interface Entry extends Draft {
  name: string;
  description: string;
}

/** An entry that replaces a saved credential of this version. */
export interface Edit extends Entry {
  version: number;
}

/** The error of a failed call, from the server. */
export interface Reason {
  kind: string;
  message?: string;
  issues?: Issue[];
  seconds?: number;
  stage?: string;
  /** For a refusal: whether the vendor's code makes it final. */
  confirmed?: boolean;
  /** For other errors: whether a retry may help. */
  retry?: boolean;
}

export class Failed extends Error {
  constructor(readonly reason: Reason) {
    super(reason.message ?? reason.kind);
  }
}

/** The browser's languages, for the plugin's texts. */
function locales(): string {
  return `?locales=${encodeURIComponent(navigator.languages.join(","))}`;
}

/** `stop` ends the call with the reason `stopped`. */
async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  stop?: AbortSignal,
): Promise<T> {
  const options: RequestInit = {
    method,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    ...(stop && { signal: stop }),
  };
  const token = accessToken();
  if (token === undefined) throw new Failed({ kind: "unauthorized" });
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  options.headers = headers;
  if (method !== "GET") {
    headers["content-type"] = "application/json";
    options.body = JSON.stringify(body ?? {});
  }
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`/api/${path}${locales()}`, options);
    answer = await response.json();
  } catch {
    throw new Failed({ kind: stop?.aborted ? "stopped" : "gone" });
  }
  if (!response.ok) {
    throw new Failed((answer as { error?: Reason }).error ?? { kind: "gone" });
  }
  return answer as T;
}

export const api = {
  vendors: () => call<Vendor[]>("GET", "vendors"),
  schema: (vendor: string) => call<Fields>("GET", `vendors/${encodeURIComponent(vendor)}/schema`),
  credentials: () => call<Saved[]>("GET", "credentials"),
  validate: (draft: Draft) => call<{ issues: Issue[] }>("POST", "validate", draft),
  inspect: (draft: Draft, stop: AbortSignal) => call<Access>("POST", "inspect", draft, stop),
  save: (entry: Entry) => call<Saved>("POST", "credentials", entry),
  update: (id: number, entry: Edit) => call<Saved>("PUT", `credentials/${id}`, entry),
  remove: (id: number) => call<unknown>("DELETE", `credentials/${id}`),
  choose: (id: number) => call<Session>("POST", `credentials/${id}/session`),
  refresh: (id: number) => call<Session>("POST", `credentials/${id}/refresh`),
  access: (id: number) => call<Access>("POST", `credentials/${id}/access`),
};

/** The reason of an error of any kind. */
export function reasonOf(error: unknown): Reason {
  return error instanceof Failed ? error.reason : { kind: "page" };
}
