// The connector plugin in JavaScript: the functions of the contract, like `pipeline.rs` of the
// guest SDK. Left out: zeroizing secrets, and the limit on how deep JSON nests.

import { now } from "wasi:clocks/wall-clock@0.2.12";
import { readForm, readSome } from "./form.js";
import { accept, classify, readToken } from "./response.js";
import { language, schema } from "./texts.js";
import { describe, find, vendors } from "./vendors.js";
import { send } from "./wire.js";

const REFRESH_MARGIN_SECS = 15 * 60;
const ENGLISH = [];

export const credentials = {
  vendors: () => vendors.map((vendor) => vendor.info),

  describe: (vendor, locales) => JSON.stringify(describe(find(vendor), language(locales))),

  credentialSchema: (vendor, locales) => schema(find(vendor).info.id, locales),

  validate(vendor, credential, locales) {
    readForm(credential, locales, find(vendor).read);
  },

  origins(id, credential) {
    const vendor = find(id);
    readForm(credential, ENGLISH, vendor.read);
    return vendor.info.origins;
  },

  authenticate: (vendor, credential) => open(vendor, credential, undefined),

  // To refresh is to repeat the token request (RFC 6749 §4.4.3).
  refresh: (vendor, credential, current) => open(vendor, credential, current.state),

  inspect(id, credential, _session, cursor) {
    const vendor = find(id);
    const request = readSome(credential, ENGLISH, (form) => {
      if (cursor !== undefined) throw unknownCursor;
      return vendor.inspectionRequest(form);
    });
    const response = send(request);
    return vendor.access(accept(vendor, response, now()));
  },

  authorize(vendor, session) {
    find(vendor);
    const value = new TextEncoder().encode(`Bearer ${session.accessToken}`);
    return { headers: [["authorization", value]], query: [] };
  },

  classify: (vendor, response) => classify(find(vendor), response, now()),
};

const unknownCursor = {
  tag: "other",
  val: {
    code: "unknown-cursor",
    message: "the cursor is none that this plugin returned",
    retry: false,
  },
};

function open(id, document, state) {
  const vendor = find(id);
  const credential = readForm(document, ENGLISH, vendor.read);
  const issuedAt = now();
  const fields = accept(vendor, send(vendor.tokenRequest(credential)), issuedAt);
  const token = readToken(fields);
  const margin = Math.min(REFRESH_MARGIN_SECS, Math.floor(token.lifetimeSecs / 2));
  const after = (secs) => ({ ...issuedAt, seconds: issuedAt.seconds + BigInt(secs) });
  return {
    accessToken: token.accessToken,
    state,
    account: vendor.account(credential, fields),
    baseUrl: vendor.baseUrl(credential, fields),
    scopes: token.scopes ?? credential.scopes,
    issuedAt,
    refreshAfter: after(token.lifetimeSecs - margin),
    expiresAt: after(token.lifetimeSecs),
  };
}
