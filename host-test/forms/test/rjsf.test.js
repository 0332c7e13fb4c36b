// react-jsonschema-form renders every state of the form: labels, masks, choices, required marks.

import { rendered } from '../lib/dom.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import Form from '@rjsf/core';
import { customizeValidator } from '@rjsf/validator-ajv8';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { act, createElement } from 'react';

import { exported, schema } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

const validator = customizeValidator({ AjvClass: Ajv2020 });

function renderForm(vendor, formData, inspect) {
  const uiSchema = exported(vendor, 'rjsf');
  const props = { schema: schema(vendor), uiSchema, validator, formData };
  return rendered(createElement(Form, props), inspect);
}

/** The name of a field by its id in the page. */
const fieldName = (id) => id.replace(/^root_/, '');

/** The names of the rendered fields, in order. */
const names = (form) =>
  [...form.querySelectorAll('label.control-label')].map((label) => fieldName(label.htmlFor));

const isMarked = (form, name) => form.querySelector(`label[for="root_${name}"] .required`) !== null;

for (const state of states) {
  test(`${state.name}: fields, required marks and masks are as expected`, () =>
    renderForm(state.vendor, state.chosen, (form) => {
      assert.deepEqual(names(form), state.shown);
      const marked = state.shown.filter((name) => isMarked(form, name));
      assert.deepEqual(marked, state.required);
      const passwords = [...form.querySelectorAll('input[type=password]')];
      assert.deepEqual(
        passwords.map((input) => fieldName(input.name)),
        masked,
      );
    }));

  test(`${state.name}: labels, descriptions and choices match the schema`, () =>
    renderForm(state.vendor, state.chosen, (form) => {
      const { properties } = schema(state.vendor);
      for (const name of state.shown) {
        const label = form.querySelector(`label[for="root_${name}"]`);
        assert.equal(label.textContent.replace(/\*$/, ''), properties[name].title);
        const description = form.querySelector(`#root_${name}__description`);
        assert.equal(description.textContent, properties[name].description);
        const choices = properties[name].oneOf ?? properties[name].items?.oneOf ?? [];
        const labels = [...form.querySelectorAll(`#root_${name} label`)];
        const titles = choices.map((choice) => choice.title);
        assert.deepEqual(
          labels.map((label) => label.textContent),
          titles,
          name,
        );
      }
    }));
}

/** The input whose label starts with `text`. */
function input(form, text) {
  const labels = [...form.querySelectorAll('label')];
  return labels.find((label) => label.textContent.startsWith(text)).querySelector('input');
}

test('a choice updates the form at once', () =>
  renderForm('contentsquare', {}, async (form) => {
    assert.equal(isMarked(form, 'project_id'), false);
    await act(async () => input(form, 'Account').click());
    assert.equal(isMarked(form, 'project_id'), true);
    assert.ok(!names(form).includes('integration_id'));
    await act(async () => input(form, 'Data Export').click());
    await act(async () => input(form, 'Enrichment').click());
    assert.equal(isMarked(form, 'integration_id'), true);
    await act(async () => input(form, 'Project').click());
    assert.equal(isMarked(form, 'project_id'), false);
  }));
