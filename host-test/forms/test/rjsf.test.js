// react-jsonschema-form renders every field with its label, mask, choices and required mark, in every state of the form.

import { drawn } from '../lib/dom.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';

import Form from '@rjsf/core';
import { customizeValidator } from '@rjsf/validator-ajv8';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { act, createElement } from 'react';

import { exported, schema } from '../lib/connector.js';
import { masked, states } from '../lib/contract.js';

const validator = customizeValidator({ AjvClass: Ajv2020 });

const drawForm = (vendor, formData, look) =>
  drawn(createElement(Form, { schema: schema(vendor), uiSchema: exported(vendor, 'rjsf'), validator, formData }), look);

/** The names of the fields that are there, in their order. */
const names = (form) => [...form.querySelectorAll('label.control-label')].map((label) => label.htmlFor.replace(/^root_/, ''));

const isMarked = (form, name) => form.querySelector(`label[for="root_${name}"] .required`) !== null;

for (const state of states) {
  test(`${state.name}: fields, marks and masks`, () =>
    drawForm(state.vendor, state.chosen, (form) => {
      assert.deepEqual(names(form), state.shown);
      assert.deepEqual(state.shown.filter((name) => isMarked(form, name)), state.required);
      const hidden = [...form.querySelectorAll('input[type=password]')].map((input) => input.name.replace(/^root_/, ''));
      assert.deepEqual(hidden, masked);
    }));

  test(`${state.name}: labels, descriptions and choices are those of the schema`, () =>
    drawForm(state.vendor, state.chosen, (form) => {
      const { properties } = schema(state.vendor);
      for (const name of state.shown) {
        const label = form.querySelector(`label[for="root_${name}"]`);
        assert.equal(label.textContent.replace(/\*$/, ''), properties[name].title);
        assert.equal(form.querySelector(`#root_${name}__description`).textContent, properties[name].description);
        const choices = properties[name].oneOf ?? properties[name].items?.oneOf ?? [];
        const drawnChoices = [...form.querySelectorAll(`#root_${name} label`)].map((choice) => choice.textContent);
        assert.deepEqual(drawnChoices, choices.map((choice) => choice.title), name);
      }
    }));
}

const fitting = (form, text) => [...form.querySelectorAll('label')].find((label) => label.textContent.startsWith(text)).querySelector('input');

test('a choice changes the form at once', () =>
  drawForm('contentsquare', {}, async (form) => {
    assert.equal(isMarked(form, 'project_id'), false);
    await act(async () => fitting(form, 'Account').click());
    assert.equal(isMarked(form, 'project_id'), true);
    assert.ok(!names(form).includes('integration_id'));
    await act(async () => fitting(form, 'Data Export').click());
    await act(async () => fitting(form, 'Enrichment').click());
    assert.equal(isMarked(form, 'integration_id'), true);
    await act(async () => fitting(form, 'Project').click());
    assert.equal(isMarked(form, 'project_id'), false);
  }));
