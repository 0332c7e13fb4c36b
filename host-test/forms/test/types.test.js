// The exports match the types, models and files of the other projects.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { loadProvidersYaml } from '@nangohq/providers';

import { exported, pathFrom, schema, vendors } from '../lib/connector.js';
import { documents } from '../lib/documents.js';

const here = join(import.meta.dirname, '..');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** The TypeScript type of each format, and a wrong value that must fail to compile. */
const typed = {
  nango: {
    // Nango's published type differs from its `providers.yaml`: there `secret` is `true`, not a
    // string, and few fields have `automated`. The file counts; the next test compares with it.
    imports: `import type { SimplifiedJSONSchema } from '@nangohq/types';
      type Field = Omit<SimplifiedJSONSchema, 'secret' | 'automated'> & { secret?: boolean };
      type Form = { credentials: Record<string, Field> };`,
    wrong: '{ credentials: { a: { type: "number", title: "", description: "", order: 0 } } }',
  },
  n8n: {
    imports: `import type { INodeProperties } from 'n8n-workflow'; type Form = INodeProperties[];`,
    wrong: '[{ displayName: "", name: "", type: "text", default: "" }]',
  },
  rjsf: {
    imports: `import type { UiSchema } from '@rjsf/utils'; type Form = UiSchema;`,
    wrong: '{ "ui:order": 1 }',
  },
  jsonforms: {
    // The published elements of a layout lack a scope; here each is a control. The published
    // effect is an enum; in JSON it is a string.
    imports: `import type { ControlElement, Rule, RuleEffect } from '@jsonforms/core';
      import type { VerticalLayout } from '@jsonforms/core';
      type Condition = Omit<Rule, 'effect'> & { effect: \`\${RuleEffect}\` };
      type Control = Omit<ControlElement, 'rule'> & { rule?: Condition };
      type Form = Omit<VerticalLayout, 'elements'> & { elements: Control[] };`,
    wrong: '{ type: "VerticalLayout", elements: [{ type: "Control" }] }',
  },
};

test('the exports match the types of Nango, n8n, react-jsonschema-form and JSON Forms', () => {
  const folder = join(here, 'generated');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [format, { imports, wrong }] of Object.entries(typed)) {
    const forms = vendors.map(({ id }, at) => {
      const form = JSON.stringify(exported(id, format), null, 2);
      return `export const form${at}: Form = ${form};`;
    });
    const control = `// @ts-expect-error\nexport const wrong: Form = ${wrong};`;
    writeFileSync(join(folder, `${format}.ts`), [imports, ...forms, control].join('\n'));
  }
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    types: ['node'],
  };
  const config = { compilerOptions, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const run = spawnSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout);
});

test("every property of a Nango field occurs in Nango's own providers, with the same type", () => {
  const typedName = ([name, value]) => `${name}: ${typeof value}`;
  const known = new Set();
  for (const provider of Object.values(loadProvidersYaml())) {
    // All three blocks have the same type of field.
    const { credentials, connection_config, integration_config } = provider;
    for (const block of [credentials, connection_config, integration_config]) {
      for (const field of Object.values(block ?? {})) {
        for (const entry of Object.entries(field)) known.add(typedName(entry));
      }
    }
  }
  for (const { id } of vendors) {
    for (const field of Object.values(exported(id, 'nango').credentials)) {
      const unknown = Object.entries(field)
        .map(typedName)
        .filter((name) => !known.has(name));
      assert.deepEqual(unknown, []);
    }
  }
});

test('a pattern for Nango accepts the same strings as the schema', () => {
  for (const { id } of vendors) {
    const { credentials } = exported(id, 'nango');
    for (const [name, { oneOf, type, items }] of Object.entries(schema(id).properties)) {
      const pattern = new RegExp(credentials[name].pattern ?? '', 'u');
      const consts = (oneOf ?? items?.oneOf ?? []).map((choice) => choice.const);
      const good = {
        array: [consts[0], consts.join(' ')],
        integer: ['1', '9007199254740991'],
        string: ['a;secret?', ' x '],
      }[type];
      const bad = {
        array: ['', 'nonsense', `${consts[0]} `],
        integer: ['', '0', '-1', '1.5', ' 1'],
        string: oneOf ? [] : ['', ' '],
      }[type];
      for (const text of good) assert.ok(oneOf || pattern.test(text), `${name}: ${text}`);
      for (const text of bad) assert.ok(!pattern.test(text), `${name}: ${text}`);
    }
  }
});

for (const { id, setup_url: page } of vendors) {
  // Also, the specification accepts every valid document.
  test(`${id}: Airbyte's own model accepts the specification`, () => {
    const input = JSON.stringify({
      specification: exported(id, 'airbyte'),
      schema: schema(id),
      page,
      documents: documents(schema(id), 1000),
    });
    const options = { input, stdio: ['pipe', 'ignore', 'inherit'] };
    execFileSync(pathFrom('PYTHON'), [join(here, 'python/airbyte.py')], options);
  });
}
