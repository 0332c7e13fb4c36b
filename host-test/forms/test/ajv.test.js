// The schemas compile in Ajv's strictest mode, and give the expected verdict on every state.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { strictAjv } from '../lib/ajv.js';
import { schema, vendors } from '../lib/connector.js';
import { states } from '../lib/contract.js';

for (const { id } of vendors) {
  test(`the schema of ${id} compiles without a warning`, () => {
    strictAjv().compile(schema(id));
  });
}

test('there is an expected form for every vendor', () => {
  const known = states.map((state) => state.vendor);
  const missing = vendors.map(({ id }) => id).filter((id) => !known.includes(id));
  assert.deepEqual(missing, []);
});

test('strict mode treats an unknown keyword and a warning as errors', () => {
  const unknown = { type: 'object', properties: { a: { type: 'string', secret: true } } };
  assert.throws(() => strictAjv().compile(unknown));
  assert.throws(() => strictAjv().compile({ type: 'object', required: ['a'] }));
});

for (const state of states) {
  const validity = state.good ? 'valid' : 'invalid';

  test(`${state.name}: the filled form is ${validity}`, () => {
    const validate = strictAjv().compile(schema(state.vendor));
    assert.equal(validate(state.filled), state.good);
  });

  test(`${state.name}: a form without a required field is invalid`, () => {
    const validate = strictAjv().compile(schema(state.vendor));
    for (const field of state.required) {
      const { [field]: _, ...short } = state.filled;
      assert.equal(validate(short), false, field);
      const missing = validate.errors.map((error) => error.params.missingProperty);
      assert.ok(missing.includes(field), field);
    }
  });
}
