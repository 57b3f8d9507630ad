// What an agent entry of a node pack looks like. Pure.
import type { Tree } from '../faults.ts';
import {
  authored,
  authorId,
  closed,
  filled,
  flag,
  list,
  number,
  type Properties,
  promptRef,
  type Schema,
  scopedName,
  set,
  text,
  word,
} from './shared.ts';

/** A skill is stateless: it takes a task, returns a result and remembers nothing (RFC 0131, Skill profile). */
const skillProfile: Schema = {
  if: { required: ['role'], properties: { role: { const: 'skill' } } },
  // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
  then: {
    required: ['handoff'],
    properties: {
      memoryShape: {
        type: 'object',
        properties: { conversation: { const: false }, longTerm: { const: false } },
      },
    },
  },
};

const memoryShape = closed({}, { scratchpad: flag, conversation: flag, longTerm: flag });
const handoff = closed({}, { taskSchemaRef: filled, returnSchemaRef: filled });

const optional = (tree: Tree): Properties => ({
  systemPrompt: filled,
  systemPromptRef: filled,
  evalSuiteRef: filled,
  toolAllowlist: list(filled),
  requiresCapabilities: set(filled),
  role: word('skill', 'assistant'),
  memoryShape,
  confidence: closed({}, { defaultThreshold: number(0, 1) }),
  handoff,
  label: text({ minLength: 1, maxLength: 100 }),
  description: text({ maxLength: 500 }),
  promptLibraryRef: text({ pattern: '^[a-z0-9][a-z0-9._-]{0,127}$' }),
  promptOverrides: closed(
    {},
    {
      system: promptRef(tree),
      user: promptRef(tree),
      'few-shot': promptRef(tree),
      'schema-hint': promptRef(tree),
    },
  ),
});

/** node-packs.md, `agents[]`; exactly one of the two ways to give a system prompt. */
export const agentSchema = (tree: Tree): Schema =>
  authored(
    tree,
    {
      agentId:
        tree === 'v1'
          ? { ...scopedName('core|vendor|community|private|local'), minLength: 3, maxLength: 256 }
          : authorId,
      persona: text({ minLength: 1, maxLength: 200 }),
      modelClass: word('reasoning', 'writing', 'coding', 'research', 'classification', 'general'),
    },
    optional(tree),
    { oneOf: [{ required: ['systemPrompt'] }, { required: ['systemPromptRef'] }], ...skillProfile },
  );
