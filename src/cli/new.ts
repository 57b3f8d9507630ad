// attestry new: a small pack that is valid as it stands, to begin from.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acting } from './command.ts';
import { packNameIn } from './exact-version.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const manifestOf = (name: string) => ({
  name,
  version: '1.0.0',
  kind: 'node',
  description: 'Greets whoever it is given.',
  license: 'Apache-2.0',
  engines: { openwop: '>=1.0.0 <3.0.0' },
  runtime: { language: 'javascript', entry: 'index.mjs', format: 'esm', minRuntimeVersion: 'node>=20' },
  nodes: [
    {
      typeId: `${name}.greet`,
      version: '1.0.0',
      label: 'Greet',
      description: 'Says hello.',
      category: 'data',
      role: 'pure',
      capabilities: ['cacheable'],
      configSchemaRef: 'schemas/greet.config.json',
      inputSchemaRef: 'schemas/greet.input.json',
      outputSchemaRef: 'schemas/greet.output.json',
    },
  ],
});

const schemaOf = (properties: Readonly<Record<string, unknown>>) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
});

const codeOf = (name: string): string => `const greet = async ({ inputs }) => ({
  status: 'success',
  outputs: { text: \`Hello, \${inputs.name}!\` },
});

export const nodes = { '${name}.greet': greet };
`;

const filesOf = (name: string): Readonly<Record<string, string>> => ({
  'pack.json': json(manifestOf(name)),
  'index.mjs': codeOf(name),
  'schemas/greet.config.json': json(schemaOf({})),
  'schemas/greet.input.json': json(schemaOf({ name: { type: 'string' } })),
  'schemas/greet.output.json': json(schemaOf({ text: { type: 'string' } })),
});

export const create = acting(async (_settings, _options, text = '') => {
  const name = packNameIn(text);
  await mkdir(name);
  await mkdir(join(name, 'schemas'));
  const files = Object.entries(filesOf(name));
  for (const [path, content] of files) await writeFile(join(name, path), content, { flag: 'wx' });
  const next = `attestry pack ${name} --key KEY.pem`;
  return {
    lines: [`Made ${name}/ with ${files.length} files. Next: ${next}`],
    json: { folder: name, files: files.map(([path]) => path) },
  };
});
