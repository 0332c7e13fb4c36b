// The vendors, like `src/` of this workspace: their properties, their requests, and what their
// answers hold beyond RFC 6749.

import { shownName } from "./form.js";
import { readId, readToken, readableScopes } from "./response.js";
import { say } from "./texts.js";

const hotjar = {
  info: {
    id: "hotjar",
    origins: ["https://api.hotjar.io"],
    signing: "session",
    inspection: "credential",
    durableState: false,
  },

  description: {
    name: "Hotjar",
    summary: "Reads surveys and their responses, and manages the data of users.",
    prerequisites: ["A Scale plan.", "An organisation admin, who makes the API key."],
    setup_url: "https://insights.hotjar.com/settings/api",
    documentation_url: "https://help.hotjar.com/hc/en-us/articles/36820005914001",
    sample_call: { path: "/v1/sites/{site_id}/surveys?limit=1" },
  },

  codes: {},

  read(form) {
    const client = readClient(form);
    return client && { client, scopes: [] };
  },

  tokenRequest: ({ client }) => ({
    authority: "api.hotjar.io",
    path: "/v1/oauth/token",
    contentType: "application/x-www-form-urlencoded",
    text: new URLSearchParams({ grant_type: "client_credentials", ...client }).toString(),
  }),

  account: () => undefined,

  baseUrl: () => "https://api.hotjar.io",

  inspectionRequest(form) {
    const credential = hotjar.read(form);
    return credential && hotjar.tokenRequest(credential);
  },

  access: (fields) => ({ scopes: readToken(fields).scopes ?? [], fields: [] }),
};

const SCOPES = [
  "data-export",
  "metrics",
  "enrichment",
  "speed-analysis",
  "surveys",
  "session-replay",
  "symbolicator",
];

const contentsquare = {
  info: {
    id: "contentsquare",
    origins: ["https://contentsquare.com", "https://*.contentsquare.com"],
    maxConcurrentCalls: 10,
    signing: "session",
    inspection: "credential",
    durableState: false,
  },

  description: {
    name: "Contentsquare",
    summary: "Exports data, reads metrics and more, for one project or a whole account.",
    prerequisites: [
      "An administrator of the project or the account, who makes the API credentials.",
    ],
    setup_url:
      "https://support.contentsquare.com/hc/en-us/articles/" +
      "37271728104593-How-to-create-API-credentials",
    documentation_url: "https://docs.contentsquare.com/en/api/",
    sample_call: { path: "/v1/exports?limit=1" },
  },

  codes: { JWT_EXPIRED: "expired", CONCURRENT_API_CALL: "throttled" },

  read(form) {
    const client = readClient(form);
    const level = form.choice("credential_level", ["project", "account"]);
    const scopes = form.choices("scopes", SCOPES);
    const has = (scope) => scopes?.includes(scope) ?? false;
    if (has("enrichment") && scopes.length > 1) {
      form.report(
        "/scopes",
        "not-combinable",
        "the scope enrichment must stand alone; make another credential for the other scopes",
      );
    }
    if (has("surveys") && level === "account") {
      const message = "the scope surveys goes only with a project-level credential";
      form.report("/scopes", "not-combinable", message);
    }
    const projectId = form.id("project_id", {
      required: level === "account" && "an account-level credential needs the project",
    });
    const refuses = scopes?.length > 0 && !has("enrichment");
    const integrationId = form.id("integration_id", {
      required: has("enrichment") && "the scope enrichment needs the integration",
      refused: refuses && "an integration goes only with the scope enrichment",
    });
    return client && scopes && { client, scopes, projectId, integrationId };
  },

  tokenRequest: ({ client, scopes, projectId, integrationId }) =>
    post("/v1/oauth/token", {
      ...client,
      grant_type: "client_credentials",
      scope: scopes.join(" "),
      project_id: projectId,
      integration_id: integrationId,
    }),

  /** A token for another project than the requested one would mix up people's data. */
  account({ projectId }, fields) {
    const value = fields.value("project_id");
    if (value === undefined || (typeof value === "string" && value.trim() === "")) return undefined;
    const account = readId(value);
    if (account === undefined || (projectId !== undefined && account !== `${projectId}`)) {
      throw fields.invalid("project_id");
    }
    return account;
  },

  // The pages of the surveys API use a host of their own; with any other scope the reply decides.
  baseUrl: ({ scopes }, fields) =>
    scopes.join(" ") === "surveys" ? "https://api.contentsquare.com" : readEndpoint(fields),

  inspectionRequest(form) {
    const client = readClient(form);
    return client && post("/v1/oauth/me", client);
  },

  access(fields) {
    const scopes = readableScopes(fields.value("scopes"));
    if (!scopes) throw fields.invalid("scopes");
    const reached = fields.value("permissions")?.projects;
    if (!Array.isArray(reached)) throw fields.invalid("permissions");
    const projects = reached.map(readProject).filter((project) => project !== undefined);
    const offered = scopes.map((scope) => ({ value: JSON.stringify(scope), title: scope }));
    // A form would choose the only project by itself, so one that cannot be read must count.
    const areAll = projects.length === reached.length;
    const choices = [field("/scopes", offered), field("/project_id", projects, areAll)];
    // A project-level key reaches one project; one alone may also be all that an account has.
    if (reached.length > 1) {
      choices.push(field("/credential_level", [{ value: '"account"', title: "account" }]));
    }
    return { scopes, fields: choices };
  },
};

export const vendors = [hotjar, contentsquare];

/** Finds a vendor by its id. */
export function find(id) {
  const vendor = vendors.find((vendor) => vendor.info.id === id);
  if (!vendor) throw { tag: "unknown-vendor" };
  return vendor;
}

/** The document of `describe`. */
export function describe({ description }, language) {
  const { summary, prerequisites } = description;
  return {
    ...description,
    summary: say(language, summary),
    prerequisites: prerequisites.map((text) => say(language, text)),
  };
}

function readClient(form) {
  const client_id = form.string("client_id");
  const client_secret = form.string("client_secret");
  return client_id && client_secret && { client_id, client_secret };
}

const post = (path, body) => ({
  authority: "api.contentsquare.com",
  path,
  contentType: "application/json",
  text: JSON.stringify(body),
});

const field = (pointer, choices, complete = true) => ({
  pointer,
  choices,
  complete,
  dependsOn: ["/client_id", "/client_secret"],
});

/** One project; anything without an id that the form takes is none. */
function readProject(value) {
  const isObject = typeof value === "object" && !Array.isArray(value);
  const text = isObject ? readId(value?.id) : undefined;
  const id = /^[0-9]+$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(id) || id < 1) return undefined;
  const name = typeof value.name === "string" ? shownName(value.name) : undefined;
  return { value: `${id}`, title: name ?? `${id}` };
}

/** The base URL that a reply names, read strictly, since the token goes there. */
function readEndpoint(fields) {
  const text = fields.string("endpoint") ?? "";
  const url = /^https:\/\/([a-z0-9.-]+)(?::443)?((?:\/[\w.~-]+)*)\/?$/i.exec(text);
  const [, authority, path] = url ?? [];
  const host = authority?.toLowerCase() ?? "";
  const isBelow = host === "contentsquare.com" || host.endsWith(".contentsquare.com");
  const isLabel = (label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/.test(label);
  const isHost = host.length <= 253 && host.split(".").every(isLabel);
  const isPath = !path
    ?.split("/")
    .slice(1)
    .some((segment) => /^\.+$/.test(segment));
  if (text.length > 2048 || !isBelow || !isHost || !isPath) throw fields.invalid("endpoint");
  return `https://${host}${path}`;
}
