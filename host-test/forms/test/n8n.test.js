// n8n's own code shows and requires the exported properties as expected, in every state of the form.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { exported } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

// Only the CommonJS part of the package loads in Node.
const { NodeHelpers } = createRequire(import.meta.url)('n8n-workflow');

for (const state of states) {
  test(`${state.name}: fields, marks and masks`, () => {
    const properties = exported(state.vendor, 'n8n');
    const shown = properties.filter((property) => NodeHelpers.displayParameter(state.chosen, property, null, null));
    assert.deepEqual(shown.map(({ name }) => name), state.shown);
    assert.deepEqual(shown.filter(({ required }) => required).map(({ name }) => name), state.required);
    assert.deepEqual(shown.filter(({ typeOptions }) => typeOptions?.password).map(({ name }) => name), masked);
  });
}
