// The only I/O: one request through `wasi:http`, like `wasi/outgoing.rs` of the guest SDK.

import { handle } from "wasi:http/outgoing-handler@0.2.12";
import {
  Fields,
  OutgoingBody,
  OutgoingRequest,
  RequestOptions,
  httpErrorCode,
} from "wasi:http/types@0.2.12";

export const MAX_RESPONSE_BYTES = 1024 * 1024;
const WRITE_BYTES = 4096;
const READ_BYTES = 16_384n;
const SECOND = 1_000_000_000n;

const STAGES = {
  dns: ["DNS-timeout", "DNS-error", "destination-not-found"],
  connect: [
    "destination-unavailable",
    "destination-IP-prohibited",
    "destination-IP-unroutable",
    "connection-refused",
    "connection-timeout",
    "connection-limit-reached",
  ],
  tls: ["TLS-protocol-error", "TLS-alert-received"],
  certificate: ["TLS-certificate-error"],
  timeout: ["connection-read-timeout", "connection-write-timeout", "HTTP-response-timeout"],
  "cut-off": ["connection-terminated", "HTTP-response-incomplete"],
  protocol: [
    "HTTP-response-header-section-size",
    "HTTP-response-header-size",
    "HTTP-response-body-size",
    "HTTP-response-trailer-section-size",
    "HTTP-response-trailer-size",
    "HTTP-response-transfer-coding",
    "HTTP-response-content-coding",
    "HTTP-upgrade-failed",
    "HTTP-protocol-error",
  ],
};

const stage = (code) =>
  Object.keys(STAGES).find((stage) => STAGES[stage].includes(code.tag)) ?? "other";

/** Sends a request once and reads the response. Fails as `unreachable` or `denied`. */
export function send({ authority, path, contentType, text }) {
  const bytes = new TextEncoder().encode(text);
  const request = describe(authority, path, contentType, bytes.length);
  const body = request.body();
  const future = attempt(() => handle(request, timeouts()), failure);
  write(body, bytes);
  const ready = future.subscribe();
  ready.block();
  dispose(ready);
  const result = future.get();
  dispose(future);
  if (result?.tag !== "ok") throw { tag: "unreachable", val: "other" };
  if (result.val.tag !== "ok") throw failure(result.val.val);
  return read(result.val.val);
}

function describe(authority, path, contentType, length) {
  const encoder = new TextEncoder();
  const headers = Object.entries({
    "content-type": contentType,
    "content-length": `${length}`,
    accept: "application/json",
    "user-agent": "integration-connector/0.1.0",
  }).map(([name, value]) => [name, encoder.encode(value)]);
  return attempt(
    () => {
      const request = new OutgoingRequest(Fields.fromList(headers));
      request.setMethod({ tag: "post" });
      request.setScheme({ tag: "HTTPS" });
      request.setAuthority(authority);
      request.setPathWithQuery(path);
      return request;
    },
    () => ({ tag: "denied" }),
  );
}

function timeouts() {
  const options = new RequestOptions();
  options.setConnectTimeout(10n * SECOND);
  options.setFirstByteTimeout(30n * SECOND);
  options.setBetweenBytesTimeout(10n * SECOND);
  return options;
}

/** Writes the body. When that fails, the answer or its absence says why. */
function write(body, bytes) {
  const stream = body.write();
  try {
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITE_BYTES));
    }
  } catch {
    dispose(stream);
    dispose(body);
    return;
  }
  dispose(stream);
  OutgoingBody.finish(body, undefined);
}

function read(response) {
  const fields = response.headers();
  const headers = fields.entries();
  dispose(fields);
  const incoming = response.consume();
  const stream = incoming.stream();
  const reply = { status: response.status(), headers, ...readBody(stream) };
  for (const resource of [stream, incoming, response]) dispose(resource);
  return reply;
}

/** Reads the body, and why it ended before it was complete. */
function readBody(stream) {
  const chunks = [];
  let length = 0;
  try {
    while (length <= MAX_RESPONSE_BYTES) {
      const chunk = stream.blockingRead(READ_BYTES);
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch ({ payload }) {
    if (payload.tag !== "closed") {
      const code = httpErrorCode(payload.val);
      return { body: join(chunks, length), cutOff: code ? stage(code) : "cut-off" };
    }
  }
  return { body: join(chunks, length) };
}

function join(chunks, length) {
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function failure(code) {
  const isDenied = ["HTTP-request-denied", "destination-IP-prohibited"].includes(code.tag);
  return isDenied ? { tag: "denied" } : { tag: "unreachable", val: stage(code) };
}

function attempt(action, meaning) {
  try {
    return action();
  } catch ({ payload }) {
    throw meaning(payload);
  }
}

// As the generated bindings name it where the engine does not know it yet.
const disposal = Symbol.dispose ?? Symbol.for("dispose");
const dispose = (resource) => resource[disposal]();
