// A subject: openid-client on the fetch that is built into Node. Command line and output are those
// of all subjects, as in `subject.py` and `../host/main.rs`.
import { readFileSync, writeFileSync } from "node:fs";
import tls from "node:tls";
import * as oauth from "openid-client";

const HOST = "api.hotjar.io";
const credential = JSON.parse(process.env.COMPARE_CREDENTIAL);

// Resolves the vendor's name to the simulator, below the client. NODE_EXTRA_CA_CERTS makes the
// client trust its certificate authority.
const connect = tls.connect;
tls.connect = (options, ...rest) =>
  connect(
    options.host === HOST
      ? { ...options, host: "127.0.0.1", port: process.env.COMPARE_PORT }
      : options,
    ...rest,
  );

const configuration = new oauth.Configuration(
  { issuer: `https://${HOST}`, token_endpoint: `https://${HOST}/v1/oauth/token` },
  credential.client_id,
  undefined,
  oauth.ClientSecretPost(credential.client_secret),
);
// The default is thirty seconds; the driver ends what takes too long.
configuration.timeout = 600;

async function signIn() {
  try {
    return (await oauth.clientCredentialsGrant(configuration)).access_token;
  } catch (error) {
    return error;
  }
}

async function signInOften(times, atOnce) {
  const answers = [];
  let left = times;
  const work = async () => {
    while (left-- > 0) answers.push(await signIn());
  };
  await Promise.all(Array.from({ length: Math.min(times, atOnce) }, work));
  return answers;
}

function bytes(file, name) {
  return (
    Number(readFileSync(file, "ascii").match(new RegExp(`^${name}:\\s+(\\d+)`, "m"))[1]) * 1024
  );
}

function cpuSecs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

// The name of an error or of its cause. Not its message, which may hold the vendor's text.
function named(error) {
  return error.cause instanceof Error ? named(error.cause) : (error.code ?? error.name);
}

const [kind, ...numbers] = process.argv.slice(2);
const times = Number(numbers[0] ?? 1);
const atOnce = { first: 1, loop: Number(numbers[1] ?? 1), flight: times }[kind];
const before = { first: 0, loop: times, flight: 1 }[kind];

const warm = await signInOften(before, atOnce);
const resident = bytes("/proc/self/status", "VmRSS");
writeFileSync("/proc/self/clear_refs", "5"); // Resets the peak.
// For the first session, all since the start of the process counts.
const cpuBefore = before ? cpuSecs() : 0;
const begin = performance.now();
const done = await signInOften(times, atOnce);
const wall = (performance.now() - begin) / 1000;
const cpu = cpuSecs() - cpuBefore;
const error = [...warm, ...done].find((answer) => answer instanceof Error);
console.log(
  JSON.stringify({
    asked: before + times,
    n: times,
    ok: done.filter((answer) => typeof answer === "string" && answer.startsWith("sim")).length,
    error: error ? named(error) : null,
    wall_secs: wall,
    cpu_secs: cpu,
    resident_bytes: resident,
    peak_bytes: bytes("/proc/self/status", "VmHWM"),
    proportional_bytes: bytes("/proc/self/smaps_rollup", "Pss"),
  }),
);
process.exit();
