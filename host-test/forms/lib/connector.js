// Reads schemas, exports and verdicts of the built component through the command line.

import { execFileSync, spawnSync } from 'node:child_process';

/** The path in an environment variable. `host-test/forms/run` sets it. */
export function pathFrom(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; start the tests with host-test/forms/run`);
  return value;
}

function connector(...args) {
  return JSON.parse(execFileSync(pathFrom('CONNECTOR_BIN'), args, { encoding: 'utf8' }));
}

/** All vendors of the component. */
export const vendors = connector('vendors');

const cache = new Map();

/** The output of a command, cached; for commands with constant output. */
function cached(...args) {
  const key = args.join(' ');
  if (!cache.has(key)) cache.set(key, connector(...args));
  return structuredClone(cache.get(key));
}

/** The credential schema of a vendor. */
export const schema = (vendor) => cached('schema', vendor);

/** A vendor's form in the format of another project. */
export const exported = (vendor, format) => cached('schema', vendor, '--as', format);

/** Whether `connector validate` accepts a document, a JSON string. */
export function accepts(vendor, document) {
  const args = ['validate', vendor, '--credential', '-'];
  const run = spawnSync(pathFrom('CONNECTOR_BIN'), args, { input: document, encoding: 'utf8' });
  const result = JSON.parse(run.stdout);
  if (result.valid) return true;
  if (result.error?.kind === 'invalid-credential') return false;
  throw new Error(run.stdout);
}
