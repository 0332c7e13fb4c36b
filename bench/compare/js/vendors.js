// The vendors, as in `src/vendors/`: what a host is told of them, their requests, and what their answers hold beyond RFC 6749.

import { readId } from "./credential.js";
import { readScopes, readToken } from "./reply.js";

const bearerMeanings = { __proto__: null, invalid_token: "refresh", insufficient_scope: "forbidden" };

const hotjar = {
  about: {
    id: "hotjar",
    displayName: "Hotjar",
    setupUrl: "https://insights.hotjar.com/settings/api",
    origins: ["https://api.hotjar.io"],
  },

  grant(form) {
    const client = readClient(form);
    return (
      client && {
        request: {
          authority: "api.hotjar.io",
          path: "/v1/oauth/token",
          contentType: "application/x-www-form-urlencoded",
          text: new URLSearchParams({ grant_type: "client_credentials", ...client }).toString(),
        },
        scopes: [],
        baseUrl: () => "https://api.hotjar.io",
      }
    );
  },

  project: (asked) => asked,

  inspection: (form) => hotjar.grant(form)?.request,

  access: (members) => ({ scopes: readToken(members).scopes ?? [], projects: [] }),

  meanings: bearerMeanings,
};

const SCOPES = ["data-export", "metrics", "enrichment", "speed-analysis", "surveys", "session-replay", "symbolicator"];
const MAX_NAME_CHARS = 200;

const contentsquare = {
  about: {
    id: "contentsquare",
    displayName: "Contentsquare",
    setupUrl: "https://support.contentsquare.com/hc/en-us/articles/37271728104593-How-to-create-API-credentials",
    origins: ["https://contentsquare.com", "https://*.contentsquare.com"],
    callsAtOnce: 10,
  },

  grant(form) {
    const client = readClient(form);
    const level = form.choice("credential_level", ["project", "account"]);
    const scopes = form.choices("scopes", SCOPES);
    const has = (scope) => scopes?.includes(scope) ?? false;
    if (has("enrichment") && scopes.length > 1) {
      const message = "the scope enrichment must stand alone; make another credential for the other scopes";
      form.note("/scopes", "not-combinable", message);
    }
    if (has("surveys") && level === "account") {
      form.note("/scopes", "not-combinable", "the scope surveys goes only with a project-level credential");
    }
    const project_id = form.id("project_id", {
      required: level === "account" && "an account-level credential needs the project",
    });
    const integration_id = form.id("integration_id", {
      required: has("enrichment") && "the scope enrichment needs the integration",
      refused: scopes?.length > 0 && !has("enrichment") && "an integration goes only with the scope enrichment",
    });
    if (!client || !scopes) return undefined;
    const scope = scopes.join(" ");
    const body = { ...client, grant_type: "client_credentials", scope, project_id, integration_id };
    return {
      request: post("/v1/oauth/token", body),
      scopes,
      project: project_id,
      // The pages of the surveys API use a host of their own; with any other scope the reply decides.
      baseUrl: scope === "surveys" ? () => "https://api.contentsquare.com" : readEndpoint,
    };
  },

  /** A token for another project than the one asked for would mix up people's data. */
  project(asked, members) {
    const value = members.value("project_id");
    if (value === undefined) return asked;
    const named = readId(value);
    if (named === undefined || (asked !== undefined && asked !== named)) throw members.unintelligible("project_id");
    return named;
  },

  inspection(form) {
    const client = readClient(form);
    return client && post("/v1/oauth/me", client);
  },

  access(members) {
    const scopes = readScopes(members.text("scopes") ?? "\0");
    if (!scopes) throw members.unintelligible("scopes");
    const listed = members.value("permissions")?.projects;
    const projects = Array.isArray(listed) ? listed.map(readProject) : [undefined];
    if (projects.includes(undefined)) throw members.unintelligible("permissions.projects");
    // A project-level key reaches one project; one alone may also be all that an account has.
    return { scopes, projects, level: projects.length > 1 ? "account" : undefined };
  },

  meanings: { ...bearerMeanings, __proto__: null, JWT_EXPIRED: "refresh", CONCURRENT_API_CALL: "throttled" },
};

export const vendors = [hotjar, contentsquare];

/** Finds a vendor by its id. */
export function find(id) {
  const vendor = vendors.find((vendor) => vendor.about.id === id);
  if (!vendor) throw { tag: "unknown-vendor" };
  return vendor;
}

function readClient(form) {
  const client_id = form.text("client_id");
  const client_secret = form.text("client_secret");
  return client_id && client_secret && { client_id, client_secret };
}

const post = (path, body) => ({
  authority: "api.contentsquare.com",
  path,
  contentType: "application/json",
  text: JSON.stringify(body),
});

function readProject(value) {
  const id = readId(value?.id);
  if (id === undefined) return undefined;
  const text = typeof value.name === "string" ? value.name : "";
  const name = [...text.replace(/[\x00-\x1f\x7f-\x9f]/g, "")].slice(0, MAX_NAME_CHARS).join("");
  return { id: BigInt(id), name: name.trim() === "" ? `${id}` : name };
}

/** The base URL that a reply names, read strictly: the token goes there. As in `src/base_url.rs`. */
function readEndpoint(members) {
  const text = members.text("endpoint") ?? "";
  const [, authority, path] = /^https:\/\/([a-z0-9.-]+)(?::443)?((?:\/[\w.~-]+)*)\/?$/i.exec(text) ?? [];
  const host = authority?.toLowerCase() ?? "";
  const isBelow = host === "contentsquare.com" || host.endsWith(".contentsquare.com");
  const isHost = host.length <= 253 && host.split(".").every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label));
  const isPath = !path?.split("/").slice(1).some((segment) => /^\.+$/.test(segment));
  if (text.length > 2048 || !isBelow || !isHost || !isPath) throw members.unintelligible("endpoint");
  return `https://${host}${path}`;
}
