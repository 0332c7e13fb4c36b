// Calls the server of this page, with the token of the printed link. No response has a secret or a
// token.
import {
  Failed,
  type Access,
  type Client,
  type Draft,
  type Entry,
  type Issue,
  type JsonSchema,
  type Reason,
  type Saved as Stored,
  type Vendor,
} from "connector-form";

import { accessToken } from "./address";

/** A saved credential, with facts for its tile. */
export interface Saved extends Stored {
  id: number;
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

export interface Session {
  base_url: string;
  scopes: string[];
  account?: string;
  issued_at: string;
  /** Absent when the session does not expire. */
  expires_at?: string;
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
  schema: (vendor: string) =>
    call<JsonSchema>("GET", `vendors/${encodeURIComponent(vendor)}/schema`),
  credentials: () => call<Saved[]>("GET", "credentials"),
  validate: (draft: Draft) => call<{ issues: Issue[] }>("POST", "validate", draft),
  inspect: (draft: Draft, stop: AbortSignal) => call<Access>("POST", "inspect", draft, stop),
  save: (entry: Entry) => call<Saved>("POST", "credentials", entry),
  update: (id: Stored["id"], entry: Entry) => call<Saved>("PUT", `credentials/${id}`, entry),
  remove: (id: number) => call<unknown>("DELETE", `credentials/${id}`),
  choose: (id: number) => call<Session>("POST", `credentials/${id}/session`),
  refresh: (id: number) => call<Session>("POST", `credentials/${id}/refresh`),
  access: (id: number) => call<Access>("POST", `credentials/${id}/access`),
};

/** The calls of the form for one vendor, whose schema the page has already. */
export function clientFor(vendor: Vendor, schema: JsonSchema): Client<Saved> {
  return {
    vendors: () => Promise.resolve([vendor]),
    schema: () => Promise.resolve(schema),
    validate: api.validate,
    inspect: (draft, { signal }) => api.inspect(draft, signal),
    save: (entry) => (entry.keep === undefined ? api.save(entry) : api.update(entry.keep, entry)),
    load: async (id) => {
      const found = (await api.credentials()).find((saved) => saved.id === id);
      if (!found) throw new Failed({ kind: "missing" });
      return found;
    },
  };
}
