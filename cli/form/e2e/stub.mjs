// An invented vendor, simulated in the browser, for features that the real vendors do not use: a
// form with other field names, and all kinds of choices.

const option = (value, title) => ({ const: value, title });

const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Acme",
  type: "object",
  properties: {
    "tenant/key": { type: "string", title: "Tenant key" },
    word: { type: "string", title: "Pass word", format: "password", writeOnly: true },
    zone: {
      type: "string",
      title: "Zone",
      default: "us",
      oneOf: [option("us", "America"), option("eu", "Europe"), option("ap", "Asia")],
    },
    site: { type: "string", title: "Site" },
    team: { type: "string", title: "Team" },
    areas: { type: "array", title: "Areas", items: { type: "string" } },
    note: { type: "string", title: "Note" },
    topics: {
      type: "array",
      title: "Topics",
      uniqueItems: true,
      default: ["news"],
      items: { type: "string", oneOf: [option("news", "News"), option("jobs", "Jobs")] },
    },
  },
  required: ["tenant/key", "word", "zone"],
  additionalProperties: false,
};

const choice = (value, title) => ({ value, title });

/** Complete and incomplete choices, for fields with and without options of their own. */
const ACCESS = {
  identity: "Ada's key",
  scopes: ["read"],
  fields: [
    {
      pointer: "/zone",
      choices: [choice("eu", "Frankfurt")],
      complete: true,
      depends_on: [],
    },
    {
      pointer: "/site",
      choices: [choice("s1", "Main site"), choice("s2", "s2"), choice(3, "of another type")],
      complete: true,
      depends_on: ["/tenant~1key"],
    },
    {
      pointer: "/team",
      choices: [choice("t1", "The first team")],
      complete: false,
      depends_on: [],
    },
    {
      pointer: "/areas",
      choices: [choice("a1", "Sales"), choice("a2", "Support")],
      complete: true,
      depends_on: ["/note"],
    },
    {
      pointer: "/topics",
      choices: [choice("jobs", "Vacancies")],
      complete: true,
      depends_on: [],
    },
    // Ignored: a secret, a field outside the form, a deeper pointer, the whole document.
    { pointer: "/word", choices: [choice("hush", "Hush")], complete: true, depends_on: [] },
    { pointer: "/nothing", choices: [choice("x", "X")], complete: true, depends_on: [] },
    { pointer: "/site/deeper", choices: [choice("x", "X")], complete: true, depends_on: [] },
    { pointer: "", choices: [choice("x", "X")], complete: true, depends_on: [] },
  ],
  credential_expires_at: "2031-05-06T12:00:00Z",
};

/** A PNG of one pixel. */
const ICON =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk" +
  "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const VENDOR = { id: "acme", inspection: "credential", name: "Acme", icon: ICON };

const SESSION = {
  base_url: "https://api.acme.test",
  scopes: ["read", "jobs"],
  account: "s1",
  issued_at: "2026-01-01T00:00:00Z",
};

const SAVED = {
  id: 1,
  name: "Saved before",
  description: null,
  vendor: "acme",
  fields: { "tenant/key": "k", zone: "eu", site: "s1" },
  secrets: ["word"],
  version: 1,
  updated_at: "2026-01-01T00:00:00Z",
};

/** A number of saved credentials with different names. */
export function many(count) {
  const numbered = (_, index) => {
    const number = String(index + 1).padStart(3, "0");
    return { ...SAVED, id: index + 1, name: `Credential ${number}`, description: `Team ${number}` };
  };
  return Array.from({ length: count }, numbered);
}

/**
 * Answers the page's requests in place of the server, and returns a list that records them.
 * `access` replaces fields of the response to a check, and `saved` the list of credentials.
 */
export async function stub(page, access = {}, saved = [SAVED]) {
  const requests = [];
  await page.route("**/api/**", async (route) => {
    const url = new URL(route.request().url());
    const path = url.pathname.replace("/api/", "");
    const body = route.request().postDataJSON();
    requests.push({ path, locales: url.searchParams.get("locales"), body });
    const step = path.replace(/^credentials\/\d+/, "credentials/*");
    const answers = {
      vendors: [VENDOR],
      "vendors/acme/schema": SCHEMA,
      credentials: body ? SAVED : saved,
      validate: { issues: [] },
      inspect: { ...ACCESS, ...access },
      "credentials/*/session": SESSION,
      "credentials/*/access": ACCESS,
    };
    await route.fulfill({ json: answers[step] ?? {} });
  });
  return requests;
}

