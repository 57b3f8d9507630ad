// Which files of its archive a manifest refers to. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import { at, listOf, pointer, textOf } from './read.ts';

export interface ReferencedFile {
  /** The archive entry's name. A text that can name none (`..`, absolute, empty) is passed on: nothing resolves it. */
  readonly path: string;
  /** The fault to raise where the archive has no such entry. */
  readonly code: 'schema_ref_missing' | 'tarball_entry_missing';
  readonly where: string;
}

const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/** Archive entries are named without a leading `./`, references often with one. */
export const pathInArchive = (reference: string): string => reference.replace(/^(?:\.\/)+/, '');

/** Per list of a manifest, the properties of its entries that name a file. */
const REFERENCES = [
  ['nodes', [['configSchemaRef'], ['inputSchemaRef'], ['outputSchemaRef']]],
  ['agents', [['systemPromptRef'], ['handoff', 'taskSchemaRef'], ['handoff', 'returnSchemaRef']]],
  ['artifactTypes', [['schemaRef']]],
  ['cards', [['outputSchemaRef']]],
] as const;

const entryReferences = (
  entry: JsonValue,
  path: readonly (string | number)[],
  properties: readonly (readonly string[])[],
): readonly ReferencedFile[] =>
  properties.flatMap((names) => {
    const reference = textOf(at(entry, ...names));
    if (reference === undefined || isWebAddress(reference)) return [];
    return [
      {
        path: pathInArchive(reference),
        code: 'schema_ref_missing',
        where: pointer(...path, ...names),
      } as const,
    ];
  });

/** A remote pack may name the address of a server instead of a file. */
const runtimeEntry = (manifest: JsonValue): readonly ReferencedFile[] => {
  const entry = textOf(at(manifest, 'runtime', 'entry'));
  if (entry === undefined) return [];
  if (at(manifest, 'runtime', 'language') === 'remote' && isWebAddress(entry)) return [];
  return [{ path: pathInArchive(entry), code: 'tarball_entry_missing', where: '/runtime/entry' }];
};

/** node-packs.md: what a manifest names must lie in its archive. Chains, prompts, forms and providers name no file. */
export const referencedFiles = (manifest: JsonValue): readonly ReferencedFile[] => [
  ...runtimeEntry(manifest),
  ...REFERENCES.flatMap(([list, properties]) =>
    listOf(at(manifest, list)).flatMap((entry, index) => entryReferences(entry, [list, index], properties)),
  ),
];
