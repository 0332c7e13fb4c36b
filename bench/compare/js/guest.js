// The connector plugin once more, in JavaScript: the seven verbs of the contract and the pipeline behind them, as in `src/connect.rs`.
// What the language has no means for is left out: wiping secrets, and the plugin's limit on how deep JSON nests.

import { now } from "wasi:clocks/wall-clock@0.2.12";
import { readForm, readPart } from "./credential.js";
import { accept, judge, readToken } from "./reply.js";
import { schemas } from "./schemas.js";
import { find, vendors } from "./vendors.js";
import { send } from "./wire.js";

const REFRESH_MARGIN_SECS = 900;

export const credentials = {
  vendors: () => vendors.map((vendor) => vendor.about),

  credentialSchema: (vendor) => schemas[find(vendor).about.id],

  validate(vendor, credential) {
    const { grant } = find(vendor);
    readForm(credential, grant);
  },

  authenticate,

  // To refresh is to repeat the grant (RFC 6749 §4.4.3).
  refresh: (vendor, credential, _current) => authenticate(vendor, credential),

  inspect(id, credential) {
    const vendor = find(id);
    const request = readPart(credential, vendor.inspection);
    return vendor.access(accept(vendor, send(request), now()));
  },

  classify: (vendor, response) => judge(find(vendor), response, now()),
};

function authenticate(id, credential) {
  const vendor = find(id);
  const grant = readForm(credential, vendor.grant);
  const issuedAt = now();
  const members = accept(vendor, send(grant.request), issuedAt);
  const token = readToken(members);
  const margin = Math.min(REFRESH_MARGIN_SECS, Math.floor(token.lifetimeSecs / 2));
  const after = (secs) => ({ ...issuedAt, seconds: issuedAt.seconds + BigInt(secs) });
  return {
    accessToken: token.accessToken,
    baseUrl: grant.baseUrl(members),
    scopes: token.scopes ?? grant.scopes,
    project: bigInt(vendor.project(grant.project, members)),
    issuedAt,
    expiresAt: after(token.lifetimeSecs),
    refreshAfter: after(token.lifetimeSecs - margin),
  };
}

const bigInt = (number) => (number === undefined ? undefined : BigInt(number));
