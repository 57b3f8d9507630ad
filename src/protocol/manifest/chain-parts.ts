// The parts of a workflow chain: the nodes of its fragment and what undoes them. Pure.
import type { Tree } from '../faults.ts';
import {
  closed,
  filled,
  flag,
  integer,
  looseId,
  openObject,
  type Properties,
  pattern,
  pinnedTypeId,
  type Schema,
  set,
  text,
  word,
} from './shared.ts';

const coordinate: Schema = { type: 'number' };
const retry = closed({}, { maxAttempts: integer(1), backoffMs: integer(0) });

/** RFC 0133: a fragment names the chain it calls, never the workflow that one host made of it. */
const config: Schema = {
  type: 'object',
  properties: { subChainRef: pattern('^[a-z][a-zA-Z0-9._-]*$'), workflowId: false },
};

/** RFC 0157: how one node of a fragment is undone. */
const compensation = closed(
  { nodeTypeId: filled },
  { inputMapping: openObject, retry, requiresApproval: flag, waiveRequiresApproval: flag },
);

/** RFC 0157: when and in which order a chain is undone. */
export const compensationPolicy = closed(
  {
    triggers: set(word('node-failure', 'run-cancel', 'cap-breach', 'operator-request'), { minItems: 1 }),
  },
  {
    profileVersion: pattern('^[1-9][0-9]*$'),
    orderingModel: word('reverse-completion', 'dependency-graph'),
    retry,
    timeoutMs: integer(1),
    exhaustedDisposition: word('record-outcome', 'manual-intervention'),
    approvalScope: word('declared', 'all'),
    onParentCancel: word('continue', 'pause', 'manual'),
  },
);

/** What cannot be undone has no way to undo it (RFC 0151). */
const irreversible: Schema = {
  if: { required: ['irreversibleEffect'], properties: { irreversibleEffect: { const: true } } },
  // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
  then: { properties: { compensation: false } },
};

const optional: Properties = {
  name: text(),
  position: closed({}, { x: coordinate, y: coordinate }),
  config,
  inputs: openObject,
};

/** v2 pins each node type exactly, `core.ai.callPrompt@1.0.0` (v2 workflow-chain-packs.md, Exact pins). */
export const fragmentNode = (tree: Tree): Schema =>
  tree === 'v1'
    ? closed({ id: filled, typeId: looseId }, optional)
    : closed(
        { id: filled, typeId: pinnedTypeId },
        { ...optional, compensation, irreversibleEffect: flag },
        irreversible,
      );
