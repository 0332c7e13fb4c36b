// JSON Forms renders every state of the form: labels, masks, choices and rules, and an error at a
// missing field. It does not mark required lists or conditionally required fields.

import { rendered } from '../lib/dom.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JsonForms } from '@jsonforms/react';
import { vanillaCells, vanillaRenderers } from '@jsonforms/vanilla-renderers';
import { act, createElement } from 'react';

import { strictAjv } from '../lib/ajv.js';
import { exported, schema } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

async function renderForm(vendor, data, inspect) {
  let errors;
  const onChange = (change) => ({ errors } = change);
  const props = {
    schema: schema(vendor),
    uischema: exported(vendor, 'jsonforms'),
    data,
    renderers: vanillaRenderers,
    cells: vanillaCells,
    ajv: strictAjv(),
    onChange,
  };
  return rendered(createElement(JsonForms, props), (form) => inspect(form, () => errors));
}

const control = (form, name) => form.querySelector(`.root_properties_${name}`);

const isShown = (form, name) => {
  const found = control(form, name);
  return found !== null && !found.hidden;
};

const isList = (vendor, name) => schema(vendor).properties[name].type === 'array';

const label = (form, name) => control(form, name).querySelector('label').textContent;

const message = (form, name) => control(form, name).querySelector('.validation').textContent;

/** The labels of the choices of a field, as radio buttons or as options. */
function choices(form, name) {
  const radios = [...control(form, name).querySelectorAll('.radio-label')];
  const options = [...(control(form, name).querySelector('select')?.options ?? [])];
  // The first option in a list is empty.
  return [
    ...radios.map((radio) => radio.textContent),
    ...options.slice(1).map(({ label }) => label),
  ];
}

/** The titles of the choices in the schema of a field. */
const titles = ({ oneOf, items }) => (oneOf ?? items?.oneOf ?? []).map((choice) => choice.title);

for (const state of states) {
  const { properties, required } = schema(state.vendor);
  const all = Object.keys(properties);

  test(`${state.name}: fields, labels, required marks and masks are as expected`, () =>
    renderForm(state.vendor, state.chosen, (form) => {
      assert.deepEqual(
        all.filter((name) => isShown(form, name)),
        state.shown,
      );
      for (const name of state.shown) {
        const isMarked = required.includes(name) && !isList(state.vendor, name);
        assert.equal(label(form, name), properties[name].title + (isMarked ? '*' : ''));
      }
      const isMasked = (name) => control(form, name).querySelector('input[type=password]');
      assert.deepEqual(all.filter(isMasked), masked);
    }));

  test(`${state.name}: only missing required fields have an error`, () =>
    renderForm(state.vendor, state.chosen, (form) => {
      const isReported = (name) => message(form, name).includes('is a required property');
      const missing = state.required.filter((name) => !(name in state.chosen));
      assert.deepEqual(all.filter(isReported), missing);
    }));

  test(`${state.name}: help and choices match the schema`, () =>
    renderForm(state.vendor, state.filled, (form) => {
      for (const name of state.shown) {
        assert.deepEqual(choices(form, name), titles(properties[name]), name);
        // The table of a list shows no help.
        if (state.good && !isList(state.vendor, name)) {
          assert.equal(message(form, name), properties[name].description);
        }
      }
    }));

  test(`${state.name}: the filled form is ${state.good ? 'valid' : 'invalid'}`, () =>
    renderForm(state.vendor, state.filled, async (_form, errors) => {
      // JSON Forms debounces its change events.
      while (errors() === undefined) await act(async () => new Promise(setImmediate));
      assert.equal(errors().length === 0, state.good);
    }));
}

test('a choice updates the form at once', () =>
  renderForm(
    'contentsquare',
    { credential_level: 'project', scopes: ['metrics'] },
    async (form) => {
      assert.equal(message(form, 'project_id').includes('required'), false);
      const account = control(form, 'credential_level').querySelector('input[value=account]');
      await act(async () => account.click());
      assert.equal(message(form, 'project_id').includes('required'), true);
      assert.equal(isShown(form, 'integration_id'), false);
      const select = control(form, 'scopes').querySelector('select');
      await act(async () => {
        select.value = 'enrichment';
        select.dispatchEvent(new window.Event('change', { bubbles: true }));
      });
      assert.equal(isShown(form, 'integration_id'), true);
    },
  ));
