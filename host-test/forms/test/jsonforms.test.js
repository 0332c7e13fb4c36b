// JSON Forms renders every field with its label, mask, choices and rule, in every state of the form, and reports a missing field at its place.
// It marks no list as required, and shows a message in place of a mark at a field that is required conditionally.

import { drawn } from '../lib/dom.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JsonForms } from '@jsonforms/react';
import { vanillaCells, vanillaRenderers } from '@jsonforms/vanilla-renderers';
import { act, createElement } from 'react';

import { strictAjv } from '../lib/ajv.js';
import { exported, schema } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

async function drawForm(vendor, data, look) {
  let errors;
  const onChange = (change) => ({ errors } = change);
  const uischema = exported(vendor, 'jsonforms');
  const props = { schema: schema(vendor), uischema, data, renderers: vanillaRenderers, cells: vanillaCells, ajv: strictAjv(), onChange };
  return drawn(createElement(JsonForms, props), (form) => look(form, () => errors));
}

const control = (form, name) => form.querySelector(`.root_properties_${name}`);

const isShown = (form, name) => {
  const found = control(form, name);
  return found !== null && !found.hidden;
};

const isList = (vendor, name) => schema(vendor).properties[name].type === 'array';

const label = (form, name) => control(form, name).querySelector('label').textContent;

const message = (form, name) => control(form, name).querySelector('.validation').textContent;

for (const state of states) {
  const { properties } = schema(state.vendor);
  const all = Object.keys(properties);

  test(`${state.name}: fields, labels, marks and masks`, () =>
    drawForm(state.vendor, state.chosen, (form) => {
      assert.deepEqual(all.filter((name) => isShown(form, name)), state.shown);
      for (const name of state.shown) {
        const mark = schema(state.vendor).required.includes(name) && !isList(state.vendor, name) ? '*' : '';
        assert.equal(label(form, name), properties[name].title + mark);
      }
      const hidden = all.filter((name) => control(form, name).querySelector('input[type=password]'));
      assert.deepEqual(hidden, masked);
    }));

  test(`${state.name}: only a missing required field has a message`, () =>
    drawForm(state.vendor, state.chosen, (form) => {
      const saying = all.filter((name) => message(form, name).includes('is a required property'));
      assert.deepEqual(saying, state.required.filter((name) => !(name in state.chosen)));
    }));

  test(`${state.name}: help and choices are those of the schema`, () =>
    drawForm(state.vendor, state.filled, (form) => {
      for (const name of state.shown) {
        const drawnChoices = [...control(form, name).querySelectorAll('.radio-label')].map((choice) => choice.textContent);
        // The first option of a list's entry is empty.
        const inList = [...(control(form, name).querySelector('select')?.options ?? [])].slice(1).map((option) => option.label);
        const choices = properties[name].oneOf ?? properties[name].items?.oneOf ?? [];
        assert.deepEqual([...drawnChoices, ...inList], choices.map((choice) => choice.title), name);
        // The table of a list shows no help.
        if (state.good && !isList(state.vendor, name)) assert.equal(message(form, name), properties[name].description);
      }
    }));

  test(`${state.name}: filled in it is ${state.good ? 'valid' : 'invalid'}`, () =>
    drawForm(state.vendor, state.filled, async (_form, errors) => {
      // Changes are reported after a pause.
      while (errors() === undefined) await act(async () => new Promise(setImmediate));
      assert.equal(errors().length === 0, state.good);
    }));
}

test('a choice changes the form at once', () =>
  drawForm('contentsquare', { credential_level: 'project', scopes: ['metrics'] }, async (form) => {
    assert.equal(message(form, 'project_id').includes('required'), false);
    await act(async () => control(form, 'credential_level').querySelector('input[value=account]').click());
    assert.equal(message(form, 'project_id').includes('required'), true);
    assert.equal(isShown(form, 'integration_id'), false);
    const select = control(form, 'scopes').querySelector('select');
    await act(async () => {
      select.value = 'enrichment';
      select.dispatchEvent(new window.Event('change', { bubbles: true }));
    });
    assert.equal(isShown(form, 'integration_id'), true);
  }));
