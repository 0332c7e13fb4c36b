// The schemas compile in Ajv's strictest mode, and validate every state of the form as expected.

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

test('the contract has a state of every vendor', () => {
  const known = states.map((state) => state.vendor);
  assert.deepEqual(vendors.map(({ id }) => id).filter((id) => !known.includes(id)), []);
});

test('strict mode rejects an unknown keyword, and a warning', () => {
  assert.throws(() => strictAjv().compile({ type: 'object', properties: { a: { type: 'string', secret: true } } }));
  assert.throws(() => strictAjv().compile({ type: 'object', required: ['a'] }));
});

for (const state of states) {
  test(`${state.name}: filled in it is ${state.good ? 'valid' : 'invalid'}, and without a required field it is invalid`, () => {
    const validate = strictAjv().compile(schema(state.vendor));
    assert.equal(validate(state.filled), state.good);
    for (const field of state.required) {
      const { [field]: _, ...short } = state.filled;
      assert.equal(validate(short), false, field);
      assert.ok(validate.errors.some((error) => error.params.missingProperty === field), field);
    }
  });
}
