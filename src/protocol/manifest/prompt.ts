// Prompt packs: named, versioned prompt templates. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at } from './read.ts';
import {
  anything,
  authored,
  closed,
  dependencies,
  flag,
  integer,
  libraryId,
  list,
  manifestSchema,
  number,
  type Properties,
  pattern,
  type Schema,
  scopedName,
  semver,
  text,
  word,
} from './shared.ts';
import { repeats } from './violations.ts';

const variable = closed(
  {
    name: pattern('^[a-zA-Z_][a-zA-Z0-9_]{0,63}$'),
    type: word('string', 'number', 'boolean', 'array', 'object'),
    required: flag,
  },
  {
    source: word('input', 'variable', 'secret', 'context'),
    extractPath: text(),
    defaultValue: anything,
    description: text({ maxLength: 500 }),
  },
);

const modelHints = closed(
  {},
  { modelClass: text(), temperature: number(0, 2), maxTokens: integer(1), envelopeType: text() },
);

/** RFC 0028: a template that says it comes from a pack says from which. */
const meta = closed(
  {},
  {
    author: text(),
    createdAt: text({ format: 'date-time' }),
    updatedAt: text({ format: 'date-time' }),
    source: word('host', 'pack', 'user'),
    packName: scopedName(),
    packVersion: semver,
  },
  {
    if: { required: ['source'], properties: { source: { const: 'pack' } } },
    // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
    then: { required: ['packName', 'packVersion'] },
  },
);

const optional: Properties = {
  name: text({ maxLength: 200 }),
  description: text({ maxLength: 2000 }),
  variables: list(variable),
  modelHints,
  tags: list(text({ minLength: 1, maxLength: 64 }), { maxItems: 32 }),
  meta,
};

const template = (tree: Tree): Schema =>
  authored(
    tree,
    {
      templateId: libraryId(tree),
      version: semver,
      kind: word('system', 'user', 'few-shot', 'schema-hint'),
      text: text({ maxLength: 65_536 }),
    },
    optional,
  );

/** prompts.md, Discovery and distribution. Prompt packs ask nothing of a host, so they name no peers. */
export const promptPackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'prompt',
    needed: { prompts: list(template(tree), { minItems: 1 }) },
    optional: dependencies,
  });

export const promptPackRules = (manifest: JsonValue): readonly Violation[] =>
  repeats(at(manifest, 'prompts'), ['templateId', 'version'], 'prompts');
