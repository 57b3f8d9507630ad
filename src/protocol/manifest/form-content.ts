// Form-content packs: form templates; nothing in them may say where an answer is sent. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at, listOf } from './read.ts';
import {
  anything,
  authored,
  authorId,
  closed,
  condition,
  dependencies,
  fieldId,
  fieldType,
  flag,
  list,
  manifestSchema,
  packName,
  pattern,
  peers,
  type Schema,
  semver,
  text,
} from './shared.ts';
import { repeats } from './violations.ts';

/** Fields are closed on purpose: a submission target would be one more property (RFC 0137, no routing). */
const field = (tree: Tree): Schema =>
  closed(
    { id: fieldId, type: fieldType, label: text({ minLength: 1, maxLength: 1000 }) },
    {
      format: pattern('^(email|uri|date|date-time|time|x-[a-z][a-z0-9-]*)$'),
      description: text({ maxLength: 300 }),
      required: flag,
      default: anything,
      options: list(text({ maxLength: 200 }), { maxItems: 250 }),
      ...(tree === 'v2' ? { when: condition } : {}),
    },
  );

const template = (tree: Tree): Schema =>
  authored(
    tree,
    {
      templateId: tree === 'v1' ? packName : authorId,
      version: semver,
      label: text({ minLength: 1, maxLength: 200 }),
      title: text({ minLength: 1, maxLength: 200 }),
      fields: list(field(tree), { minItems: 1, maxItems: 200 }),
    },
    { description: text({ maxLength: 300 }), category: text({ maxLength: 64 }) },
  );

/** form-content-packs.md, Manifest format. */
export const formContentPackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'form-content',
    needed: { templates: list(template(tree), { minItems: 1, maxItems: 100 }) },
    optional: { ...dependencies, ...peers },
  });

/** Two fields of one id would overwrite each other in every answer (form-content-packs.md, Unique identifiers). */
export const formContentPackRules = (manifest: JsonValue): readonly Violation[] => [
  ...repeats(at(manifest, 'templates'), ['templateId'], 'templates'),
  ...listOf(at(manifest, 'templates')).flatMap((each, index) =>
    repeats(at(each, 'fields'), ['id'], 'templates', index, 'fields'),
  ),
];
