// What an index, a search and a chain of trust want to know of a manifest, flawed ones included. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../faults.ts';
import { declaredKind, type PackKind } from './kind.ts';
import { at, clipped, listOf, pointer, textOf, textsAt } from './read.ts';
import { violation } from './violations.ts';

type CountName =
  | 'artifactTypeCount'
  | 'providerCount'
  | 'chainCount'
  | 'promptCount'
  | 'cardCount'
  | 'templateCount';

export type ManifestCounts = {
  readonly nodeCount: number;
  readonly agentCount: number;
} & { readonly [name in CountName]?: number };

/** Texts are empty and lists are empty where the manifest says nothing, as index documents have it. */
export interface ManifestFacts {
  readonly kind: PackKind;
  readonly description: string;
  readonly author: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly homepage?: string;
  readonly repository?: string;
  readonly typeIds: readonly string[];
  readonly agentIds: readonly string[];
  readonly counts: ManifestCounts;
  /** Only where a node pack says that it connects to a service. */
  readonly connector?: true;
}

interface Exports {
  readonly list: string;
  readonly id: string;
  readonly count?: CountName;
}

/** Where each kind keeps the ids that it gives to others, and under which name an index counts them. */
const EXPORTS: Readonly<Record<Exclude<PackKind, 'connection'>, readonly Exports[]>> = {
  node: [
    { list: 'nodes', id: 'typeId' },
    { list: 'agents', id: 'agentId' },
  ],
  'artifact-type': [{ list: 'artifactTypes', id: 'artifactTypeId', count: 'artifactTypeCount' }],
  'workflow-chain': [{ list: 'chains', id: 'chainId', count: 'chainCount' }],
  prompt: [{ list: 'prompts', id: 'templateId', count: 'promptCount' }],
  card: [{ list: 'cards', id: 'cardTypeId', count: 'cardCount' }],
  'form-content': [{ list: 'templates', id: 'templateId', count: 'templateCount' }],
};

/** A manifest that names no kind there is was taken as it came; it is indexed like v1 reads one without a kind. */
const kindOf = (manifest: JsonValue): PackKind => declaredKind(manifest) ?? 'node';

const typeIdsOf = (manifest: JsonValue): readonly string[] => {
  const kind = kindOf(manifest);
  const ids =
    kind === 'connection'
      ? [textOf(at(manifest, 'provider', 'id')) ?? []].flat()
      : EXPORTS[kind].flatMap(({ list, id }) => textsAt(at(manifest, list), id));
  return [...new Set(ids)];
};

const countsOf = (manifest: JsonValue, kind: PackKind): ManifestCounts => {
  const lengthOf = (name: string): number => listOf(at(manifest, name)).length;
  const own: readonly Exports[] = kind === 'connection' ? [] : EXPORTS[kind];
  const counted = own.flatMap(({ list, count }) =>
    count === undefined ? [] : [[count, lengthOf(list)] as const],
  );
  const provider = at(manifest, 'provider') === undefined ? 0 : 1;
  const declarative = kind === 'connection' ? [['providerCount', provider] as const] : counted;
  return {
    nodeCount: lengthOf('nodes'),
    agentCount: lengthOf('agents'),
    ...Object.fromEntries(declarative.filter(([, count]) => count > 0)),
  };
};

const optionalText = <Name extends string>(
  manifest: JsonValue,
  name: Name,
): { readonly [key in Name]?: string } => {
  const text = textOf(at(manifest, name));
  return (text === undefined ? {} : { [name]: text }) as { readonly [key in Name]?: string };
};

/** registry index documents: the facts of one version, by the rule of its kind. Never throws. */
export const describeManifest = (manifest: JsonValue): ManifestFacts => {
  const kind = kindOf(manifest);
  return {
    kind,
    description: textOf(at(manifest, 'description')) ?? '',
    author: textOf(at(manifest, 'author')) ?? '',
    license: textOf(at(manifest, 'license')) ?? '',
    keywords: listOf(at(manifest, 'keywords')).flatMap((word) => textOf(word) ?? []),
    ...optionalText(manifest, 'homepage'),
    ...optionalText(manifest, 'repository'),
    typeIds: typeIdsOf(manifest),
    agentIds: [...new Set(textsAt(at(manifest, 'agents'), 'agentId'))],
    counts: countsOf(manifest, kind),
    ...(kind === 'node' && at(manifest, 'connector') !== undefined ? { connector: true } : {}),
  };
};

/** An id that a pack gives to others, and where it stands in the manifest. */
export interface ExportedId {
  readonly id: string;
  readonly where: string;
}

export const exportedIds = (manifest: JsonValue): readonly ExportedId[] => {
  const kind = kindOf(manifest);
  if (kind === 'connection')
    return [textOf(at(manifest, 'provider', 'id')) ?? []].flat().map((id) => ({ id, where: '/provider/id' }));
  return EXPORTS[kind].flatMap(({ list, id }) =>
    listOf(at(manifest, list)).flatMap((entry, index) => {
      const exported = textOf(at(entry, id));
      return exported === undefined ? [] : [{ id: exported, where: pointer(list, index, id) }];
    }),
  );
};

/** host-extensions.md, Canonical prefixes. */
export const isProtocolOwned = (id: string): boolean => /^(?:core|openwop)\./i.test(id);

const MOST_RESERVED = 32;

/** node-packs.md, Naming: `core.` and `openwop.` ids are the protocol's own, whatever their letters' case. */
export const reservedTypeIds = (manifest: JsonValue, packName: string): readonly Violation[] => {
  if (/^core\./i.test(packName) || kindOf(manifest) === 'connection') return [];
  const found = exportedIds(manifest).filter(({ id }) => isProtocolOwned(id));
  const said = found.slice(0, MOST_RESERVED).map(({ id, where }) => {
    const says = `"${clipped(id)}" stands in a namespace of the protocol, this pack does not`;
    return violation('pack_namespace_unauthorized', where, says);
  });
  if (found.length <= MOST_RESERVED) return said;
  const more = `and ${found.length - MOST_RESERVED} more ids in namespaces of the protocol`;
  return [...said, violation('pack_namespace_unauthorized', '', more)];
};
