// Workflow-chain packs: fragments of workflows that an editor splices in. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { compensationPolicy, fragmentNode } from './chain-parts.ts';
import { at, clipped, listOf, pointer, textOf, textsAt } from './read.ts';
import {
  authored,
  capabilities,
  chainId,
  closed,
  condition,
  dependencies,
  filled,
  flag,
  list,
  manifestSchema,
  mapOf,
  type Schema,
  semver,
  text,
  word,
} from './shared.ts';
import { subChainCycles } from './sub-chains.ts';
import { repeats, violation } from './violations.ts';

const edge = closed(
  { from: text(), to: text() },
  {
    condition,
    triggerRule: word('all_success', 'any_success', 'all_complete', 'none_failed', 'any_failed'),
  },
);

/** A sibling by its id, or a chain of another pack; v2 knows exact pins only (v2 workflow-chain-packs.md). */
const subChain = (tree: Tree): Schema =>
  closed({
    ref: {
      ...closed({
        packName: text({ minLength: 1, maxLength: 256 }),
        chainId: chainId(tree),
        version: tree === 'v1' ? text() : semver,
      }),
      ...chainId(tree),
      type: ['string', 'object'],
    },
  });

const producedVariable = closed(
  {
    name: filled,
    producedBy: filled,
    type: word('string', 'number', 'boolean', 'object', 'array'),
  },
  { description: text() },
);

const chain = (tree: Tree): Schema =>
  authored(
    tree,
    {
      chainId: chainId(tree),
      version: semver,
      label: filled,
      description: text(),
      parameters: { type: 'object' },
      dag: closed({ nodes: list(fragmentNode(tree), { minItems: 1 }) }, { edges: list(edge) }),
    },
    {
      internal: flag,
      outputs: mapOf(closed({ type: text(), description: text() })),
      capabilities,
      subChains: list(subChain(tree)),
      producedVariables: list(producedVariable),
      ...(tree === 'v2' ? { compensation: compensationPolicy } : {}),
    },
  );

/** workflow-chain-packs.md, Manifest format. */
export const workflowChainPackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'workflow-chain',
    needed: { chains: list(chain(tree), { minItems: 1 }) },
    optional: dependencies,
  });

export const workflowChainPackRules = (manifest: JsonValue): readonly Violation[] => [
  ...repeats(at(manifest, 'chains'), ['chainId'], 'chains'),
  ...listOf(at(manifest, 'chains')).flatMap((each, index) =>
    repeats(at(each, 'dag', 'nodes'), ['id'], 'chains', index, 'dag', 'nodes'),
  ),
  ...subChainCycles(manifest),
];

/** A sibling that is not there fails only when a host expands the chain, so it is worth a warning at publish. */
export const missingSiblings = (manifest: JsonValue): readonly Violation[] => {
  const chains = listOf(at(manifest, 'chains'));
  const ids = new Set(textsAt(chains, 'chainId'));
  return chains.flatMap((each, chainIndex) =>
    listOf(at(each, 'subChains')).flatMap((sub, index) => {
      const sibling = textOf(at(sub, 'ref'));
      if (sibling === undefined || ids.has(sibling)) return [];
      const where = pointer('chains', chainIndex, 'subChains', index, 'ref');
      return [violation('invalid_manifest', where, `no chain of this pack is "${clipped(sibling)}"`)];
    }),
  );
};
