// What an answer comes to: the members that were promised, the error that it is, or a verdict. As in `src/reply.rs`, `src/token.rs`,
// `src/verdict.rs` and `src/http.rs`.

import { parse } from "./credential.js";
import { MAX_REPLY_BYTES } from "./wire.js";

const MAX_CODE_CHARS = 64;
const MAX_SCOPE_CHARS = 256;
const MAX_TOKEN_CHARS = 16 * 1024;
const DEFAULT_LIFETIME_SECS = 3600;
const MIN_LIFETIME_SECS = 60;
const DAY_SECS = 86_400;
const ENOUGH_BODY_BYTES = 4096;

/** The words of which vendors make codes; whatever else stands in the place of one stays behind. */
const CODE_WORDS = new Set(
  `access account active api app application auth authentication authorization bad bearer blocked call calls client closed code
  concurrent conflict credential credentials customer deleted denied disabled does enabled endpoint enrichment error exceeded exist
  exists expire expired export failed failure feature forbidden format found grant id inactive incorrect insufficient integration
  internal invalid ip jwt key limit limited locked login malformed many method metrics mismatch missing no not oauth of organization
  parameter password permission permissions plan project quota rate refused request required resource response revoked role scope
  scopes secret server service site subscription suspended temporarily throttled token too type unauthenticated unauthorized
  unavailable unknown unsupported user validation wrong`.split(/\s+/),
);

/** Reads the reply of an endpoint that takes a credential; the status first, as RFC 6749 §5.2 has it. */
export function accept(vendor, reply, now) {
  const { status } = reply;
  const { success, codes } = complaint(reply.body);
  const refusal = { status, code: codes.find(isSpeakable) };
  const isClient = status >= 400 && status < 500;
  if (status === 200 && success !== false) return readMembers(reply);
  if ((status === 200 || isClient) && codes.some((code) => vendor.meanings[code] === "throttled")) {
    throw { tag: "throttled", val: retryAfter(reply.headers, now) };
  }
  if (status === 400 && codes.some((code) => ["invalid_scope", "unauthorized_client"].includes(code))) {
    throw { tag: "forbidden", val: refusal };
  }
  if ([200, 400, 401].includes(status)) throw { tag: "rejected", val: refusal };
  if (status === 403) throw { tag: "forbidden", val: refusal };
  if (status === 429) throw { tag: "throttled", val: retryAfter(reply.headers, now) };
  if (status >= 500 && status < 600) throw { tag: "unavailable", val: retryAfter(reply.headers, now) };
  throw unintelligible(status, "status");
}

const isSpeakable = (code) =>
  code.length <= MAX_CODE_CHARS && code.split(/[_.-]/).every((word) => CODE_WORDS.has(word.toLowerCase()));

const unintelligible = (status, part) => ({ tag: "unintelligible", val: { status, part } });

function readMembers({ status, body, cut }) {
  if (cut) throw { tag: "unreachable", val: cut };
  let object;
  try {
    if (body.length <= MAX_REPLY_BYTES) {
      object = parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
    }
  } catch {
    // Said below.
  }
  if (object === null || typeof object !== "object" || Array.isArray(object)) throw unintelligible(status, "body");
  return new Members(status, object);
}

/** The members of a reply that was promised as a JSON object with status 200. */
class Members {
  #status;
  #object;

  constructor(status, object) {
    this.#status = status;
    this.#object = object;
  }

  /** The value of a member; `null` counts as absent. */
  value(name) {
    return this.#object[name] ?? undefined;
  }

  /** The text of a member; another type is an error. */
  text(name) {
    const value = this.value(name);
    if (value !== undefined && typeof value !== "string") throw this.unintelligible(name);
    return value;
  }

  unintelligible(part) {
    return unintelligible(this.#status, part);
  }
}

/** The token reply of RFC 6749 §5.1. */
export function readToken(members) {
  const accessToken = members.text("access_token");
  if (!(accessToken?.length <= MAX_TOKEN_CHARS) || !/^[\w.~+/-]+=*$/.test(accessToken)) {
    throw members.unintelligible("access_token");
  }
  if (members.text("token_type")?.toLowerCase() !== "bearer") throw members.unintelligible("token_type");
  const lifetimeSecs = readLifetime(members.value("expires_in") ?? DEFAULT_LIFETIME_SECS);
  if (lifetimeSecs === undefined) throw members.unintelligible("expires_in");
  const scope = members.text("scope");
  const scopes = scope?.trim() ? readScopes(scope) : undefined;
  if (scope?.trim() && !scopes) throw members.unintelligible("scope");
  return { accessToken, lifetimeSecs, scopes };
}

/** A lifetime as a number, or as text that is a number, within what is believed. */
function readLifetime(value) {
  try {
    const secs = typeof value === "string" ? JSON.parse(value) : value;
    if (typeof secs !== "number") return undefined;
    return Math.min(Math.max(Math.trunc(secs), MIN_LIFETIME_SECS), DAY_SECS);
  } catch {
    return undefined;
  }
}

/** Splits a space-delimited list of scopes (RFC 6749 §3.3). */
export function readScopes(text) {
  const scopes = text.split(" ").filter((scope) => scope !== "");
  const isScope = (scope) => scope.length <= MAX_SCOPE_CHARS && /^[!#-[\]-~]+$/.test(scope);
  return scopes.every(isScope) ? scopes : undefined;
}

/** What an answer says against itself, as far as it can be read: what stood before its end counts. */
function complaint(body) {
  const said = {};
  const text = new TextDecoder().decode(body).replace(/^[^\x00-\x7f]+/, "");
  try {
    for (const [name, value] of entries(text)) {
      if (name === "success") said.success = typeof value === "boolean" ? value : undefined;
      else if (typeof value === "string") said[name] = value;
    }
  } catch {
    // Only says where reading ended.
  }
  const codes = [said.error, said.errorCode, said.code].filter((code) => code !== undefined);
  return { success: said.success, codes };
}

function entries(text) {
  try {
    return Object.entries(JSON.parse(text));
  } catch {
    return brokenEntries(text);
  }
}

/** The members of an object that breaks off. */
function* brokenEntries(text) {
  const tokens = /[ \t\n\r]*("(?:[^"\\]|\\.)*"|[{}[\]:,]|[^ \t\n\r"{}[\]:,]+)/y;
  const next = () => tokens.exec(text)?.[1];
  if (next() !== "{") return;
  do {
    const name = next();
    if (next() !== ":") return;
    const start = tokens.lastIndex;
    let depth = 0;
    do {
      const token = next();
      if (token === undefined) return;
      if (token === "{" || token === "[") depth += 1;
      if (token === "}" || token === "]") depth -= 1;
    } while (depth > 0);
    yield [JSON.parse(name), JSON.parse(text.slice(start, tokens.lastIndex))];
  } while (next() === ",");
}

/** Tells what an API response says about the session. Any answer gets a verdict. */
export function judge(vendor, { status, headers, body }, now) {
  const { success, codes } = complaint(body.subarray(0, ENOUGH_BODY_BYTES));
  const isFailure = status >= 400 || success === false;
  const challenges = header(headers, "www-authenticate").map(bearerError);
  const meaning = isFailure
    ? [...codes, ...challenges].map((code) => vendor.meanings[code]).find((meaning) => meaning)
    : undefined;
  const tag = verdict(status, meaning);
  return ["throttled", "unavailable"].includes(tag) ? { tag, val: retryAfter(headers, now) } : { tag };
}

function verdict(status, meaning) {
  if (status >= 500 && status < 600) return "unavailable";
  if (status === 401) return "refresh";
  if (meaning) return meaning;
  if (status === 403) return "forbidden";
  return status === 429 ? "throttled" : "accepted";
}

/** The `error` of a `Bearer` challenge (RFC 6750 §3); what stands in quotes is a value and nothing else. */
function bearerError(field) {
  let isBearer = false;
  for (let [parameter] of field.matchAll(/(?:"[^"]*(?:"|$)|[^",])+/g)) {
    parameter = parameter.trim();
    const challenge = /^([^ \t=]*)[ \t](.*)$/s.exec(parameter);
    if (challenge) {
      isBearer = challenge[1].toLowerCase() === "bearer";
      parameter = challenge[2].trim();
    }
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(parameter) ?? [];
    if (isBearer && name?.trim().toLowerCase() === "error") return value.trim().replace(/^"+|"+$/g, "");
  }
  return undefined;
}

/** The values of a header field, as far as they are text. */
function header(headers, name) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return headers.flatMap(([key, value]) => {
    if (key.toLowerCase() !== name) return [];
    try {
      return [decoder.decode(value)];
    } catch {
      return [];
    }
  });
}

/** How many seconds to wait, by `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
function retryAfter(headers, now) {
  for (const field of header(headers, "retry-after")) {
    const value = field.trim();
    const secs = /^[0-9]+$/.test(value) ? Number(value) : readDate(value) - Number(now.seconds);
    if (!Number.isNaN(secs)) return Math.min(Math.max(secs, 1), DAY_SECS);
  }
  return undefined;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = "(\\d+):(\\d+):(\\d+)";
const DATES = [
  // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^[^ ,-]+[ ,-]+(?<day>\\d+)[ ,-]+(?<month>[A-Z][a-z]{2})[ ,-]+(?<year>\\d+)[ ,-]+(?<time>${TIME})[ ,-]+GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^[^ ,-]+[ ,-]+(?<month>[A-Z][a-z]{2})[ ,-]+(?<day>\\d+)[ ,-]+(?<time>${TIME})[ ,-]+(?<year>\\d+)$`),
];

/** An HTTP date (RFC 9110 §5.6.7) as seconds since 1970, or not a number. */
function readDate(text) {
  const { groups } = DATES[0].exec(text) ?? DATES[1].exec(text) ?? {};
  if (!groups) return NaN;
  const month = MONTHS.indexOf(groups.month);
  const day = Number(groups.day);
  const [hours, minutes, secs] = groups.time.split(":").map(Number);
  let year = Number(groups.year);
  if (groups.year.length === 2) year += year < 70 ? 2000 : 1900;
  const isDate = month >= 0 && day >= 1 && day <= 31 && year >= 1970 && year <= 9999;
  const isTime = hours <= 23 && minutes <= 59 && secs <= 60;
  return isDate && isTime ? Date.UTC(year, month, day, hours, minutes, secs) / 1000 : NaN;
}
