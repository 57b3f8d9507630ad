// Which of the seven kinds a manifest is of, and whether it keeps to that one. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at, has, objectOf, pointer } from './read.ts';
import { violation } from './violations.ts';

/** The properties that carry a kind's content: a manifest has those of its own kind only. */
export const CONTENT = {
  node: ['nodes', 'agents', 'runtime'],
  'artifact-type': ['artifactTypes'],
  connection: ['provider'],
  'workflow-chain': ['chains'],
  prompt: ['prompts'],
  card: ['cards'],
  'form-content': ['templates'],
} as const satisfies Record<string, readonly string[]>;

export type PackKind = keyof typeof CONTENT;

export const PACK_KINDS = Object.keys(CONTENT) as readonly PackKind[];

export const isPackKind = (value: unknown): value is PackKind => PACK_KINDS.includes(value as PackKind);

/** The kind a manifest declares; an absent one is read as `node`, as v1 does. Undefined for anything else. */
export const declaredKind = (manifest: JsonValue): PackKind | undefined => {
  const kind = at(manifest, 'kind');
  if (kind === undefined) return 'node';
  return isPackKind(kind) ? kind : undefined;
};

/** registry-operations.md: a pack is of one kind. `runtime` marks node packs, so declarative kinds never have it. */
const foreignContent = (manifest: JsonValue, kind: PackKind): readonly Violation[] =>
  PACK_KINDS.filter((other) => other !== kind).flatMap((other) =>
    CONTENT[other]
      .filter((name) => has(manifest, name))
      .map((name) =>
        violation(
          'pack_kind_invalid',
          pointer(name),
          `belongs to ${other} packs; this one is of kind ${kind}`,
        ),
      ),
  );

/** What is wrong with the kind alone, before anything else of the manifest is looked at. */
export const checkKind = (manifest: JsonValue, tree: Tree): readonly Violation[] => {
  if (objectOf(manifest) === undefined) return [violation('invalid_manifest', '', 'must be an object')];
  if (tree === 'v2' && !has(manifest, 'kind'))
    return [violation('invalid_manifest', '/kind', `is required, one of ${PACK_KINDS.join(', ')}`)];
  const kind = declaredKind(manifest);
  return kind === undefined
    ? [violation('pack_kind_invalid', '/kind', `must be one of ${PACK_KINDS.join(', ')}`)]
    : foreignContent(manifest, kind);
};
