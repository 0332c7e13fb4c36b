// Three validators agree on thousands of documents: Rust's `jsonschema`, Python's `jsonschema` and
// Ajv. The plugin agrees on a few of them, since each starts a process.
// `host-test/tests/plugin/agreement.rs` compares the plugin with Rust on ten thousand others.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { strictAjv } from '../lib/ajv.js';
import { accepts, pathFrom, schema, vendors } from '../lib/connector.js';
import { documents } from '../lib/documents.js';

const COUNT = 3000;
/** The number of valid, and of invalid, documents for the plugin. Each starts a process. */
const PLUGIN_COUNT = 12;

/** The verdicts of a program. It gets the schema as a file, and documents as JSON lines. */
function verdicts(program, args, schema, lines) {
  const folder = mkdtempSync(join(tmpdir(), 'forms-'));
  try {
    const file = join(folder, 'schema.json');
    writeFileSync(file, JSON.stringify(schema));
    const input = lines.join('\n') + '\n';
    const options = { input, encoding: 'utf8', maxBuffer: 1 << 28 };
    const output = execFileSync(program, [...args, file], options);
    return output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const { id } of vendors) {
  const form = schema(id);
  const lines = documents(form, COUNT);
  const validate = strictAjv().compile(form);
  const inAjv = lines.map((line) => validate(JSON.parse(line)));

  /** The documents on which other verdicts differ from Ajv's. */
  const differing = (others) => lines.filter((_, at) => others[at] !== inAjv[at]);

  test(`${id}: there are enough valid and invalid documents`, () => {
    const good = inAjv.filter(Boolean).length;
    assert.ok(good > COUNT / 10 && good < (COUNT * 9) / 10, `${good} of ${COUNT}`);
  });

  test(`${id}: Rust and Ajv agree`, () => {
    const inRust = verdicts(pathFrom('VERDICTS_BIN'), [], form, lines);
    assert.equal(inRust.length, COUNT);
    assert.deepEqual(differing(inRust), []);
  });

  test(`${id}: Python and Ajv agree`, () => {
    const script = join(import.meta.dirname, '../python/verdicts.py');
    const inPython = verdicts(pathFrom('PYTHON'), [script], form, lines);
    assert.equal(inPython.length, COUNT);
    assert.deepEqual(differing(inPython), []);
  });

  test(`${id}: the plugin and Ajv agree`, () => {
    for (const verdict of [true, false]) {
      const some = lines.filter((_, at) => inAjv[at] === verdict).slice(0, PLUGIN_COUNT);
      assert.equal(some.length, PLUGIN_COUNT);
      const disputed = some.filter((line) => accepts(id, line) !== verdict);
      assert.deepEqual(disputed, []);
    }
  });
}
