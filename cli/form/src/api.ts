// Asks the program that serves this page. Nothing that comes back holds a secret or a token.

/** A JSON document. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Members = { [name: string]: Json | undefined };

export interface Vendor {
  id: string;
  display_name: string;
  setup_url: string;
}

/** A saved credential: its fields without the secret ones, of which only the names are told. */
export interface Saved {
  id: number;
  name: string;
  description: string | null;
  vendor: string;
  fields: Members;
  secrets: string[];
  updated_at: string;
}

/** What a credential reaches, as far as the vendor says. */
export interface Access {
  scopes: string[];
  projects: { id: number; name: string }[];
  level?: string;
}

export interface Session {
  base_url: string;
  scopes: string[];
  project?: number;
  issued_at: string;
  expires_at: string;
}

/** One problem of what was typed: the JSON pointer of its field, and a sentence. */
export interface Issue {
  pointer: string;
  message: string;
}

/** A credential document, and the saved credential whose secrets stand in for those left blank. */
export interface Sent {
  vendor: string;
  credential: Members;
  keep?: number;
}

export interface Entry extends Sent {
  name: string;
  description: string;
}

/** Why a call brought no result, as the program tells it. */
export interface Reason {
  kind: string;
  message?: string;
  issues?: Issue[];
  seconds?: number;
  stage?: string;
}

export class Failed extends Error {
  constructor(readonly reason: Reason) {
    super(reason.message ?? reason.kind);
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const options: RequestInit = { method, cache: "no-store", credentials: "omit", redirect: "error" };
  if (method !== "GET") {
    options.headers = { "content-type": "application/json" };
    options.body = JSON.stringify(body ?? {});
  }
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`/api/${path}`, options);
    answer = await response.json();
  } catch {
    throw new Failed({ kind: "gone" });
  }
  if (!response.ok) {
    throw new Failed((answer as { error?: Reason }).error ?? { kind: "gone" });
  }
  return answer as T;
}

export const api = {
  vendors: () => call<Vendor[]>("GET", "vendors"),
  schema: (vendor: string) => call<Members>("GET", `vendors/${encodeURIComponent(vendor)}/schema`),
  credentials: () => call<Saved[]>("GET", "credentials"),
  validate: (sent: Sent) => call<{ issues: Issue[] }>("POST", "validate", sent),
  inspect: (sent: Sent) => call<Access>("POST", "inspect", sent),
  save: (entry: Entry) => call<Saved>("POST", "credentials", entry),
  update: (id: number, entry: Entry) => call<Saved>("PUT", `credentials/${id}`, entry),
  remove: (id: number) => call<unknown>("DELETE", `credentials/${id}`),
  choose: (id: number) => call<Session>("POST", `credentials/${id}/session`),
  refresh: (id: number) => call<Session>("POST", `credentials/${id}/refresh`),
};

/** The reason of anything that was thrown. */
export function reasonOf(error: unknown): Reason {
  return error instanceof Failed ? error.reason : { kind: "page" };
}
