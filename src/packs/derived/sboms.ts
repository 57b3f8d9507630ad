// Serves bills of materials: of one version, and of all versions of a tree.
import { digestOf } from '../../../storage/digest.ts';
import type { Sql } from '../../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { CATALOGUE_TOPIC, packTopic, through } from '../read/read.ts';
import { type ListedRelease, materialsOf, materialsOfAll, publicReleases } from './derived-store.ts';
import { type ListedSbom, registrySbom, sbomOf, sbomPath, sbomText } from './sbom.ts';

export interface SbomDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
  readonly registryName: string;
}

const SBOM = { ...KINDS.json, type: 'application/vnd.cyclonedx+json; version=1.6' };

const sbomDocument = (text: string): Document => makeDocument(Buffer.from(text), SBOM);

/** Of a yanked version too: whoever has it wants to know what is in it. @throws Fault pack_version_not_found */
export const readSbom =
  (the: SbomDeps) =>
  (tree: Tree, name: PackName, version: PackVersion): Promise<Document> =>
    through(the, name, sbomPath(tree, { name, version }), [packTopic(name)], async () => {
      const materials = await materialsOf(the.sql, tree, name, version);
      if (materials === undefined) throw fault('pack_version_not_found', { name, version });
      return sbomDocument(sbomText(sbomOf(materials)));
    });

const AT_ONCE = 100;
const MOST_KNOWN = 200_000;

const sliced = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

/**
 * Digests of bills by the event that published a version: a bill never changes, and making all of them anew with each
 * publish would keep the process busy. The database is asked for a few at a time, so that others come in between.
 */
const createDigests = (sql: Sql) => {
  const known = new Map<string, string>();
  const learn = async (releases: readonly ListedRelease[]): Promise<void> => {
    for (const [eventId, materials] of await materialsOfAll(sql, releases))
      known.set(eventId, digestOf(Buffer.from(sbomText(sbomOf(materials)))));
  };
  return async (releases: readonly ListedRelease[]): Promise<readonly ListedSbom[]> => {
    if (known.size > MOST_KNOWN) known.clear();
    const unknown = releases.filter(({ eventId }) => !known.has(eventId));
    for (const some of sliced(unknown, AT_ONCE)) await learn(some);
    return releases.flatMap(({ name, version, eventId }) => {
      const sha256 = known.get(eventId);
      return sha256 === undefined ? [] : [{ name, version, sha256 }];
    });
  };
};

export const readRegistrySbom = (the: SbomDeps) => {
  const digests = createDigests(the.sql);
  return (tree: Tree): Promise<Document> =>
    the.cache.load(`/${tree}/sbom.json`, [CATALOGUE_TOPIC], async () => {
      const all = await digests(await publicReleases(the.sql, tree));
      return sbomDocument(sbomText(registrySbom(the.registryName, tree, all)));
    });
};
