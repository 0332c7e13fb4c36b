// What a response comes to: the promised fields, the error that it is, or a verdict. Like
// `response.rs`, `codes.rs`, `error_body.rs`, `token.rs`, `verdict.rs` and `date.rs` of the guest
// SDK.

import { codes as standardCodes, words } from "./data.js";
import { parse } from "./form.js";
import { MAX_RESPONSE_BYTES } from "./wire.js";

const MAX_CODE_CHARS = 64;
const MAX_CODES = 8;
const MAX_ERROR_DEPTH = 3;
const MAX_JSON_DEPTH = 128;
const MAX_ID_CHARS = 256;
const MAX_SCOPE_CHARS = 256;
const MAX_SCOPES = 256;
const MAX_TOKEN_CHARS = 16 * 1024;
const DEFAULT_LIFETIME_SECS = 3600;
const MIN_LIFETIME_SECS = 60;
const MAX_LIFETIME_SECS = 365 * 86_400;
const MAX_RETRY_AFTER_SECS = 86_400;
const MAX_CLASSIFIED_BYTES = 4096;

const WORDS = new Set(words);

/** Reads the response of an endpoint that takes a credential: a known code decides first. */
export function accept(vendor, response, now) {
  const { status, headers } = response;
  const { success, hasError, codes } = readErrorBody(response.body);
  const isSuccess = [200, 201, 203].includes(status);
  if (isSuccess && success !== false && !hasError) return readFields(response);
  // A server that fails may say anything about a token or a request.
  const counts = (meaning) => status < 500 || !["expired", "malformed"].includes(meaning);
  const { meaning, code } = decide(vendor, codes, counts);
  const wait = retryAfter(headers, now);
  const refused = (tag) => ({ tag, val: { status, code, confirmed: meaning !== undefined } });
  if (meaning === "throttled") throw { tag: "throttled", val: wait };
  if (meaning === "forbidden") throw refused("forbidden");
  if (["rejected", "malformed", "expired"].includes(meaning)) throw refused("rejected");
  if (meaning === undefined) {
    const isClientError = status >= 400 && status < 500;
    const isThrottled = status === 429 || (isClientError && wait !== undefined);
    if (isThrottled) throw { tag: "throttled", val: wait };
    if (status === 403) throw refused("forbidden");
    if (isSuccess || status === 400 || status === 401) throw refused("rejected");
  }
  const isDown = status === 408 || (status >= 500 && status < 600);
  if (meaning === "unavailable" || isDown) throw { tag: "unavailable", val: wait };
  throw invalidResponse(status, "status");
}

const invalidResponse = (status, field) => ({ tag: "invalid-response", val: { status, field } });

/** The first meaning that counts, and the code that may be passed on. */
function decide(vendor, codes, counts) {
  const known = codes.find((code) => {
    const meaning = meaningOf(vendor, code);
    return meaning !== undefined && counts(meaning);
  });
  const passes = (code) => isPassedOn(vendor, code);
  const code = known !== undefined && passes(known) ? known : codes.find(passes);
  return { meaning: known === undefined ? undefined : meaningOf(vendor, known), code };
}

function meaningOf(vendor, code) {
  if (Object.hasOwn(vendor.codes, code)) return vendor.codes[code];
  const standard = code.replace(/[_. -]/g, "").toLowerCase();
  return Object.hasOwn(standardCodes, standard) ? standardCodes[standard] : undefined;
}

function isPassedOn(vendor, code) {
  if (code.length > MAX_CODE_CHARS || !/^[A-Za-z0-9_.:-]*$/.test(code)) return false;
  const isKnown = (word) => WORDS.has(word.toLowerCase());
  return meaningOf(vendor, code) !== undefined || code.split(/[_.:-]/).every(isKnown);
}

function readFields({ status, body, cutOff }) {
  if (cutOff) throw { tag: "unreachable", val: cutOff };
  let object;
  try {
    if (body.length <= MAX_RESPONSE_BYTES) {
      object = parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
    }
  } catch {
    // Reported below.
  }
  if (object === null || typeof object !== "object" || Array.isArray(object)) {
    throw invalidResponse(status, "body");
  }
  return new Fields(status, object);
}

/** The fields of a JSON object that a vendor promised. */
class Fields {
  #status;
  #object;

  constructor(status, object) {
    this.#status = status;
    this.#object = object;
  }

  /** The value of a field; `null` counts as absent. */
  value(name) {
    return this.#object[name] ?? undefined;
  }

  /** The string in a field; another type is an error. */
  string(name) {
    const value = this.value(name);
    if (value !== undefined && typeof value !== "string") throw this.invalid(name);
    return value;
  }

  invalid(field) {
    return invalidResponse(this.#status, field);
  }
}

/** Reads an id that a vendor gives as a string or as a whole number. */
export function readId(value) {
  if (typeof value === "string") {
    return value.length <= MAX_ID_CHARS && /^[!-~]+$/.test(value) ? value : undefined;
  }
  return Number.isSafeInteger(value) ? `${value}` : undefined;
}

/** Reads the token reply of RFC 6749 §5.1. Optional fields that cannot be read count as absent. */
export function readToken(fields) {
  const accessToken = fields.string("access_token");
  if (!(accessToken?.length <= MAX_TOKEN_CHARS) || !/^[\w.~+/-]+=*$/.test(accessToken)) {
    throw fields.invalid("access_token");
  }
  if (fields.string("token_type")?.toLowerCase() !== "bearer") throw fields.invalid("token_type");
  const lifetimeSecs = readLifetime(fields.value("expires_in")) ?? DEFAULT_LIFETIME_SECS;
  return { accessToken, lifetimeSecs, scopes: readScopes(fields.value("scope")) };
}

/** Reads a lifetime given as a number, or as a string that is one, within the bounds. */
function readLifetime(value) {
  const secs = typeof value === "string" ? readNumber(value) : value;
  if (typeof secs !== "number") return undefined;
  return Math.min(Math.max(Math.trunc(secs), MIN_LIFETIME_SECS), MAX_LIFETIME_SECS);
}

/** Reads a number as JSON has it, but with zeros in front. */
function readNumber(text) {
  try {
    return parse(text.trim().replace(/^0+(?=\d)/, ""));
  } catch {
    return undefined;
  }
}

/** Reads scopes, a list or an array. `undefined` when one of them is no scope. */
function readScopes(value) {
  const scopes = scopeWords(value);
  return scopes?.length > 0 && scopes.length <= MAX_SCOPES && scopes.every(isScope)
    ? scopes
    : undefined;
}

/** Reads scopes in the same way, and skips what is no scope. */
export const readableScopes = (value) => scopeWords(value)?.slice(0, MAX_SCOPES).filter(isScope);

function scopeWords(value) {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return undefined;
  return value.split(/[ \t\n\r\f]+/).filter((word) => word !== "");
}

const isScope = (word) =>
  typeof word === "string" && word.length <= MAX_SCOPE_CHARS && /^[!#-[\]-~]+$/.test(word);

/** Reads the codes of a failure out of a body, as far as it can be read. */
function readErrorBody(body) {
  const text = new TextDecoder().decode(body).replace(/^[^\x00-\x7f]+/, "");
  const found = { success: undefined, hasError: false, ranked: [] };
  collect(found, parsePart(text), "top", 0);
  const ranked = found.ranked.slice(0, MAX_CODES).sort((one, other) => one.rank - other.rank);
  return { ...found, codes: ranked.map(({ code }) => code) };
}

// The ranks of codes: the more telling ones come first.
const [ERROR, ERROR_CODE, CODE, TYPE] = [0, 1, 2, 3];

/** Collects what a value says. `place` is "top", "error", "success", or the rank of a code. */
function collect(found, value, place, depth) {
  const isError = place === "error";
  const isRead = depth < MAX_ERROR_DEPTH;
  if (typeof value === "string") {
    if (isError) found.hasError ||= value.trim() !== "";
    const rank = isError ? ERROR : place;
    if (typeof rank === "number" && value !== "") found.ranked.push({ rank, code: value });
    const flag = { true: true, false: false }[value.toLowerCase()];
    if (place === "success" && flag !== undefined) found.success = flag;
  } else if (typeof value === "boolean" || typeof value === "number") {
    if (place === "success") found.success = Boolean(value);
    if (isError) found.hasError ||= Boolean(value);
  } else if (Array.isArray(value)) {
    for (const item of isError && isRead ? value : []) {
      collect(found, item, "error", depth + 1);
      found.hasError = true;
    }
  } else if (value && (isError || place === "top")) {
    const fields = value instanceof PartialObject ? value.fields : Object.entries(value);
    for (const [name, field] of fields) {
      found.hasError ||= isError;
      const inner = isRead ? placeOf(name, place) : undefined;
      if (inner !== undefined) collect(found, field, inner, depth + 1);
    }
  }
}

function placeOf(name, place) {
  if (name === "error" || name === "errors") return "error";
  if (name === "errorCode" || name === "error_code") return ERROR_CODE;
  if (name === "code") return place === "error" ? ERROR_CODE : CODE;
  if (name === "type" && place === "error") return TYPE;
  if (name === "success" && place === "top") return "success";
  return undefined;
}

/** An object whose fields are kept as they come, repeated names included. */
class PartialObject {
  fields = [];
}

function parsePart(text) {
  try {
    // Of repeated names `JSON.parse` keeps the last, and for codes the first counts.
    if (!/"(?:error|success|code)/.test(text)) return JSON.parse(text);
  } catch {
    // Read below.
  }
  return parseBroken(text);
}

/** Parses JSON that may break off, up to there. */
function parseBroken(text) {
  const tokens = /[ \t\n\r]*("(?:[^"\\\x00-\x1f]|\\.)*"|[{}[\]:,]|[^ \t\n\r"{}[\]:,]+)/y;
  const next = () => tokens.exec(text)?.[1];
  const broken = new SyntaxError("broken off");
  const readItems = (end, readItem) => {
    let token = next();
    while (token !== end) {
      readItem(token);
      token = next();
      if (token === ",") token = next();
      else if (token !== end) throw broken;
    }
  };
  const read = (token, depth, keep) => {
    if (token === undefined || depth === MAX_JSON_DEPTH) throw broken;
    if (token === "[") {
      const array = [];
      keep(array);
      readItems("]", (token) => read(token, depth + 1, (item) => array.push(item)));
    } else if (token === "{") {
      const object = new PartialObject();
      keep(object);
      readItems("}", (token) => {
        if (!token?.startsWith('"')) throw broken;
        const field = [JSON.parse(token), undefined];
        object.fields.push(field);
        if (next() !== ":") throw broken;
        read(next(), depth + 1, (value) => (field[1] = value));
      });
    } else {
      keep(JSON.parse(token));
    }
  };
  let value;
  try {
    read(next(), 0, (whole) => (value = whole));
  } catch {
    // Only says where reading ended.
  }
  return value;
}

/** Classifies an API response by what it says about the session. Every response gets a verdict. */
export function classify(vendor, { status, headers, body }, now) {
  const error = readErrorBody(body.subarray(0, MAX_CLASSIFIED_BYTES));
  const challenges = header(headers, "www-authenticate").map(bearerError);
  const codes = [...error.codes, ...challenges.filter((code) => code !== undefined)];
  const isFailure = status >= 400 || error.success === false || error.hasError;
  const counts = (meaning) =>
    isFailure && meaning !== "malformed" && (meaning !== "expired" || status < 500);
  const { meaning, code } = decide(vendor, codes, counts);
  const wait = retryAfter(headers, now);
  const refused = (tag) => ({ tag, val: { status, code, confirmed: meaning !== undefined } });
  const isClientError = status >= 400 && status < 500;
  if (meaning === "throttled") return { tag: "throttled", val: wait };
  if (meaning === "unavailable") return { tag: "unavailable", val: wait };
  if (meaning === "forbidden") return refused("forbidden");
  if (meaning !== undefined) return refused("refresh");
  if (status >= 500 && status < 600) return { tag: "unavailable", val: wait };
  const isThrottled = status === 429 || (isClientError && wait !== undefined);
  if (isThrottled) return { tag: "throttled", val: wait };
  if (status === 401) return refused("refresh");
  return status === 403 ? refused("forbidden") : { tag: "accepted" };
}

/** The `error` of a `Bearer` challenge (RFC 6750 §3). Commas within quotes separate nothing. */
function bearerError(field) {
  let isBearer = false;
  for (let [parameter] of field.matchAll(/(?:"[^"]*(?:"|$)|[^",])+/g)) {
    parameter = parameter.trim();
    // A challenge begins with its scheme and a space.
    const challenge = /^([^ \t=]*)[ \t](?!\s*=)(.*)$/s.exec(parameter);
    if (challenge) {
      isBearer = challenge[1].toLowerCase() === "bearer";
      parameter = challenge[2].trim();
    }
    const [, name, value] = /^([^=]*)=(.*)$/s.exec(parameter) ?? [];
    if (isBearer && name?.trim().toLowerCase() === "error") {
      return value.trim().replace(/^"+|"+$/g, "");
    }
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
    const secs = readWait(field.trim(), headers, now);
    if (secs !== undefined) return Math.min(Math.max(secs, 1), MAX_RETRY_AFTER_SECS);
  }
  return undefined;
}

/** Reads one wait. A date is read against that of the response, since the clock may be wrong. */
function readWait(value, headers, now) {
  const [, whole, fraction] = /^([0-9]+)(?:\.([0-9]*))?$/.exec(value) ?? [];
  if (whole) return Number(whole) + Number(/[1-9]/.test(fraction ?? ""));
  const date = readDate(value);
  if (date === undefined) return undefined;
  const sent = header(headers, "date").map(readDate);
  return date - (sent.find((date) => date !== undefined) ?? Number(now.seconds));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Reads an HTTP date (RFC 9110 §5.6.7) as seconds since 1970. */
function readDate(text) {
  const words = text.split(/[ ,-]/).filter((word) => word !== "");
  // Sun Nov  6 08:49:37 1994
  const isAsctime = MONTHS.includes(words[1]);
  if (words.length !== (isAsctime ? 5 : 6) || !(isAsctime || words[5] === "GMT")) return undefined;
  // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT
  const [day, month, yearWord, time] = isAsctime
    ? [words[2], words[1], words[4], words[3]]
    : [words[1], words[2], words[3], words[4]];
  if (![day, yearWord, ...time.split(":")].every((word) => /^[0-9]+$/.test(word))) return undefined;
  const [hours, minutes, secs, ...more] = time.split(":").map(Number);
  let year = Number(yearWord);
  if (yearWord.length === 2) year += year < 70 ? 2000 : 1900;
  const monthIndex = MONTHS.indexOf(month);
  const isDate = monthIndex >= 0 && day >= 1 && day <= 31 && year >= 1970 && year <= 9999;
  const isTime = hours <= 23 && minutes <= 59 && secs <= 60 && more.length === 0;
  if (!isDate || !isTime) return undefined;
  return Date.UTC(year, monthIndex, Number(day), hours, minutes, secs) / 1000;
}
