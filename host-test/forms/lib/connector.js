// Schemas, exports and verdicts of the built component, through the command line.

import { execFileSync, spawnSync } from 'node:child_process';

/** The path in an environment variable; `run` sets all of them. */
export function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the tests with host-test/forms/run`);
  return value;
}

function connector(...args) {
  return JSON.parse(execFileSync(given('CONNECTOR_BIN'), args, { encoding: 'utf8' }));
}

/** All vendors of the component. */
export const vendors = connector('vendors');

const asked = new Map();

/** The answer to a command that always has the same. */
function remembered(...args) {
  const key = args.join(' ');
  if (!asked.has(key)) asked.set(key, connector(...args));
  return structuredClone(asked.get(key));
}

/** The credential schema of a vendor. */
export const schema = (vendor) => remembered('schema', vendor);

/** A vendor's form in the format of another project. */
export const exported = (vendor, format) => remembered('schema', vendor, '--as', format);

/** Whether `validate` accepts the document, a JSON text. */
export function accepts(vendor, document) {
  const run = spawnSync(given('CONNECTOR_BIN'), ['validate', vendor, '--credential', '-'], { input: document, encoding: 'utf8' });
  const answer = JSON.parse(run.stdout);
  if (answer.valid) return true;
  if (answer.error?.kind === 'invalid-credential') return false;
  throw new Error(run.stdout);
}
