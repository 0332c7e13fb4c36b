// The schemas compile in Ajv at its strictest, and judge every state of the form as the contract does.

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

test('what is strict refuses a keyword of our own, and a warning', () => {
  assert.throws(() => strictAjv().compile({ type: 'object', properties: { a: { type: 'string', secret: true } } }));
  assert.throws(() => strictAjv().compile({ type: 'object', required: ['a'] }));
});

for (const state of states) {
  test(`${state.name}: filled in it is ${state.good ? 'good' : 'refused'}, and short of a required field it is refused`, () => {
    const validate = strictAjv().compile(schema(state.vendor));
    assert.equal(validate(state.filled), state.good);
    for (const field of state.required) {
      const { [field]: _, ...short } = state.filled;
      assert.equal(validate(short), false, field);
      assert.ok(validate.errors.some((error) => error.params.missingProperty === field), field);
    }
  });
}
