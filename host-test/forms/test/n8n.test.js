// n8n's own code shows, requires and masks the expected properties in every state of the form.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { exported } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

// Only the CommonJS part of the package loads in Node.
const { NodeHelpers } = createRequire(import.meta.url)('n8n-workflow');

for (const state of states) {
  test(`${state.name}: fields, required marks and masks are as expected`, () => {
    const properties = exported(state.vendor, 'n8n');
    const isShown = (property) => NodeHelpers.displayParameter(state.chosen, property, null, null);
    const shown = properties.filter(isShown);
    const required = shown.filter((property) => property.required);
    const password = shown.filter(({ typeOptions }) => typeOptions?.password);
    const names = (properties) => properties.map(({ name }) => name);
    assert.deepEqual(names(shown), state.shown);
    assert.deepEqual(names(required), state.required);
    assert.deepEqual(names(password), masked);
  });
}
