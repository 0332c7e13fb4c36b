// Rust's `jsonschema`, Ajv and Python's `jsonschema` agree on thousands of documents, and the plugin agrees on some of them.
// `host-test/tests/plugin/agreement.rs` compares Rust and the plugin on ten thousand others.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { strictAjv } from '../lib/ajv.js';
import { accepts, given, schema, vendors } from '../lib/connector.js';
import { documents } from '../lib/documents.js';

const COUNT = 3000;
/** So many of the good ones, and so many of the others. A process each. */
const ASKED_OF_THE_PLUGIN = 12;

/** The verdicts of a program that reads JSON lines, with the schema in a file. */
function verdicts(program, args, schema, lines) {
  const folder = mkdtempSync(join(tmpdir(), 'forms-'));
  try {
    const file = join(folder, 'schema.json');
    writeFileSync(file, JSON.stringify(schema));
    const output = execFileSync(program, [...args, file], { input: lines.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28 });
    return output.trim().split('\n').map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const { id } of vendors) {
  const form = schema(id);
  const lines = documents(form, COUNT);
  const validate = strictAjv().compile(form);
  const inAjv = lines.map((line) => validate(JSON.parse(line)));

  /** The documents of which another verdict differs. */
  const differing = (others) => lines.filter((_, at) => others[at] !== inAjv[at]);

  test(`${id}: there are enough valid and invalid documents`, () => {
    const good = inAjv.filter(Boolean).length;
    assert.ok(good > COUNT / 10 && good < (COUNT * 9) / 10, `${good} of ${COUNT}`);
  });

  test(`${id}: Rust and Ajv agree`, () => {
    const inRust = verdicts(given('VERDICTS_BIN'), [], form, lines);
    assert.equal(inRust.length, COUNT);
    assert.deepEqual(differing(inRust), []);
  });

  test(`${id}: Python and Ajv agree`, () => {
    const inPython = verdicts(given('PYTHON'), [join(import.meta.dirname, '../python/verdicts.py')], form, lines);
    assert.equal(inPython.length, COUNT);
    assert.deepEqual(differing(inPython), []);
  });

  test(`${id}: the plugin and Ajv agree`, () => {
    for (const verdict of [true, false]) {
      const some = lines.filter((_, at) => inAjv[at] === verdict).slice(0, ASKED_OF_THE_PLUGIN);
      assert.equal(some.length, ASKED_OF_THE_PLUGIN);
      assert.deepEqual(some.filter((line) => accepts(id, line) !== verdict), []);
    }
  });
}
