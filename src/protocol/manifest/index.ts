// Decides whether a manifest keeps the rules of its kind and tree, and says everything it found. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { artifactTypePackRules, artifactTypePackSchema } from './artifact-type.ts';
import { cardPackRules, cardPackSchema } from './card.ts';
import { connectionPackRules, connectionPackSchema } from './connection.ts';
import { credentialMaterial } from './credentials.ts';
import { hopelessNeeds } from './dependencies.ts';
import { checkEngines } from './engines.ts';
import { formContentPackRules, formContentPackSchema } from './form-content.ts';
import { hostExtensionRules } from './host-extensions.ts';
import { checkKind, declaredKind, type PackKind } from './kind.ts';
import { nodePackRules, nodePackSchema } from './node.ts';
import { checkPeers } from './peers.ts';
import { promptPackRules, promptPackSchema } from './prompt.ts';
import { checkSchema } from './schema.ts';
import type { Schema } from './shared.ts';
import { capped } from './violations.ts';
import { missingSiblings, workflowChainPackRules, workflowChainPackSchema } from './workflow-chain.ts';

interface KindRules {
  readonly schema: (tree: Tree) => Schema;
  readonly rules: (manifest: JsonValue, tree: Tree) => readonly Violation[];
}

export const KIND_RULES: Readonly<Record<PackKind, KindRules>> = {
  node: { schema: nodePackSchema, rules: nodePackRules },
  'artifact-type': { schema: artifactTypePackSchema, rules: artifactTypePackRules },
  connection: { schema: connectionPackSchema, rules: connectionPackRules },
  'workflow-chain': { schema: workflowChainPackSchema, rules: workflowChainPackRules },
  prompt: { schema: promptPackSchema, rules: promptPackRules },
  card: { schema: cardPackSchema, rules: cardPackRules },
  'form-content': { schema: formContentPackSchema, rules: formContentPackRules },
};

/** The stages in the order they run; the publisher's address is compared after `schema` and before `rules`. */
export type Stage = 'kind' | 'credentials' | 'schema' | 'rules' | 'engines' | 'peers';

export interface ManifestReport {
  /** Undefined where the manifest declares no kind that there is. */
  readonly kind: PackKind | undefined;
  /** The stage that refused; undefined when the manifest is valid. */
  readonly stage: Stage | undefined;
  /** All findings of that stage; beyond fifty, the last one says how many more. */
  readonly violations: readonly Violation[];
  /** What a reader should know of a valid manifest although nothing forbids it. */
  readonly warnings: readonly Violation[];
}

const stagesOf = (
  manifest: JsonValue,
  tree: Tree,
  kind: PackKind,
): readonly (readonly [Stage, () => readonly Violation[]])[] => [
  ['credentials', () => (kind === 'connection' ? credentialMaterial(manifest) : [])],
  ['schema', () => checkSchema(manifest, kind, tree, KIND_RULES[kind].schema)],
  ['rules', () => capped([...KIND_RULES[kind].rules(manifest, tree), ...hostExtensionRules(manifest)])],
  ['engines', () => checkEngines(manifest, tree)],
  ['peers', () => capped(checkPeers(manifest, tree))],
];

/**
 * Checks in the order of registry-operations.md: kind, credentials (connection packs, before their schema), schema,
 * rules of the kind, engines, peers. The first stage that finds something ends the check, with all it found.
 */
export const checkManifest = (manifest: JsonValue, tree: Tree): ManifestReport => {
  const kind = declaredKind(manifest);
  const wrongKind = checkKind(manifest, tree);
  if (kind === undefined || wrongKind.length > 0)
    return { kind, stage: 'kind', violations: capped(wrongKind), warnings: [] };
  for (const [stage, check] of stagesOf(manifest, tree, kind)) {
    const violations = check();
    if (violations.length > 0) return { kind, stage, violations, warnings: [] };
  }
  return {
    kind,
    stage: undefined,
    violations: [],
    warnings: capped([...missingSiblings(manifest), ...hopelessNeeds(manifest)]),
  };
};
