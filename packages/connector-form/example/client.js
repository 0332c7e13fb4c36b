// A client without a server. A real one sends each call to the server of its page, which loads the
// plugin. Vendors, schemas and results have the shape of the plugin's.

/** An error that the form explains. */
class Failed extends Error {
  constructor(reason) {
    super(reason.kind);
    this.reason = reason;
  }
}

const VENDORS = [
  { id: "acme", inspection: "credential", name: "Acme", summary: "Sites and their visitors" },
  { id: "globex", inspection: "none", name: "Globex", summary: "Surveys" },
];

const titled = (value, title) => ({ const: value, title });

const SCHEMAS = {
  acme: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Acme",
    description: "A key of your Acme organisation.",
    type: "object",
    properties: {
      key: { type: "string", title: "Key" },
      password: { type: "string", title: "Password", format: "password", writeOnly: true },
      region: {
        type: "string",
        title: "Region",
        default: "eu",
        oneOf: [titled("eu", "Europe"), titled("us", "America")],
      },
      site: { type: "integer", title: "Site", description: "The number of the site." },
    },
    required: ["key", "password", "region"],
    additionalProperties: false,
  },
  globex: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Globex",
    type: "object",
    properties: {
      token: { type: "string", title: "Token", format: "password", writeOnly: true },
    },
    required: ["token"],
    additionalProperties: false,
  },
};

const ACCESS = {
  identity: "Ada's key",
  scopes: ["read"],
  fields: [
    {
      pointer: "/site",
      choices: [
        { value: 42, title: "Shop" },
        { value: 43, title: "Blog" },
      ],
      complete: true,
      depends_on: ["/key"],
    },
  ],
};

const saved = [];

/** The problems of a document; a saved secret may stay blank. */
function issuesOf({ vendor, credential, keep }) {
  const kept = saved.find(({ id }) => id === keep)?.secrets ?? [];
  return SCHEMAS[vendor].required
    .filter((name) => credential[name] === undefined && !kept.includes(name))
    .map((name) => ({ pointer: `/${name}`, code: "required", message: "this field is required" }));
}

function save({ vendor, credential, name, description, keep, version }) {
  if (saved.some((other) => other.name === name && other.id !== keep)) {
    const issue = { pointer: "/name", code: "duplicate", message: "another one has this name" };
    throw new Failed({ kind: "entry", issues: [issue] });
  }
  const old = saved.find(({ id }) => id === keep);
  if (old && old.version !== version) throw new Failed({ kind: "conflict" });
  const { properties } = SCHEMAS[vendor];
  const isSecret = (field) => properties[field].writeOnly === true;
  const fields = Object.entries(credential).filter(([field]) => !isSecret(field));
  const entered = Object.keys(credential).filter(isSecret);
  const entry = {
    id: old?.id ?? saved.length + 1,
    name,
    description,
    vendor,
    fields: Object.fromEntries(fields),
    secrets: [...new Set([...(old?.secrets ?? []), ...entered])],
    version: (old?.version ?? 0) + 1,
  };
  if (old) saved.splice(saved.indexOf(old), 1, entry);
  else saved.push(entry);
  return entry;
}

export const client = {
  vendors: async () => VENDORS,
  schema: async (vendor) => SCHEMAS[vendor],
  validate: async (draft) => ({ issues: issuesOf(draft) }),
  inspect: async (draft) => {
    const issues = issuesOf(draft);
    if (issues.length > 0) throw new Failed({ kind: "invalid-credential", issues });
    const { key, password } = draft.credential;
    const works = key === "demo" && (password === "demo" || password === undefined);
    if (!works) throw new Failed({ kind: "rejected", confirmed: true });
    return ACCESS;
  },
  save: async (entry) => save(entry),
  load: async (id) => saved.find((one) => one.id === id),
};
