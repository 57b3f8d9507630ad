// Card packs: prompts with typed inputs that a host shows in its chat. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at } from './read.ts';
import {
  anything,
  authored,
  closed,
  dependencies,
  fieldId,
  fieldType,
  filled,
  flag,
  integer,
  list,
  manifestSchema,
  mapOf,
  modelCapabilities,
  number,
  packName,
  peers,
  type Schema,
  scopedName,
  text,
} from './shared.ts';
import { repeats } from './violations.ts';

const prompt = closed(
  { template: filled, placeholderMapping: mapOf(text()) },
  { systemPrompt: text(), temperature: number(0, 2), maxTokens: integer(1) },
);

const input = closed(
  { id: fieldId, type: fieldType },
  { label: text(), required: flag, default: anything, options: list(text()) },
);

const card = (tree: Tree): Schema =>
  authored(
    tree,
    { cardTypeId: packName, prompt },
    {
      schemaVersion: integer(0),
      inputs: list(input),
      outputArtifactType: scopedName(),
      outputSchemaRef: filled,
      requiredModelCapabilities: modelCapabilities,
    },
  );

/** chat-card-packs.md, Manifest format. The kind is spelled `card`. */
export const cardPackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'card',
    needed: { cards: list(card(tree), { minItems: 1 }) },
    optional: { ...dependencies, ...peers },
  });

export const cardPackRules = (manifest: JsonValue): readonly Violation[] =>
  repeats(at(manifest, 'cards'), ['cardTypeId'], 'cards');
