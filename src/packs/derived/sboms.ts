// Serves bills of materials: of one version, and of all versions of a tree.
import { digestOf } from '../../../storage/digest.ts';
import type { Sql } from '../../database/connect.ts';
import { type Document, KINDS, makeDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { listDocument, listRows, MADE_AT_ONCE, paced } from '../../http/list-document.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import { inParts } from '../../protocol/lists.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import { CATALOGUE_TOPIC, packTopic, through } from '../read/read.ts';
import { type ListedRelease, materialsOf, materialsOfAll, publicReleases } from './derived-store.ts';
import {
  inPurlOrder,
  type ListedSbom,
  listed,
  registrySbomHead,
  sbomOf,
  sbomPath,
  sbomText,
} from './sbom.ts';

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

type MaterialsOfAll = (releases: readonly ListedRelease[]) => ReturnType<typeof materialsOfAll>;

/**
 * Digests of bills by the event that published a version: a bill never changes, and making all of them anew with each
 * publish would keep the process busy. The database is asked for a few at a time, so that others come in between.
 */
export const createDigests = (materialsOf: MaterialsOfAll, most = MOST_KNOWN) => {
  const known = new Map<string, string>();
  const learn = async (releases: readonly ListedRelease[], found: Map<string, string>): Promise<void> => {
    const pace = paced(MADE_AT_ONCE);
    for (const [eventId, materials] of await materialsOf(releases)) {
      const text = sbomText(sbomOf(materials));
      const digest = digestOf(Buffer.from(text));
      known.set(eventId, digest);
      found.set(eventId, digest);
      await pace(text.length);
    }
  };
  /** Those that were learnt first go first. */
  const forget = (): void => {
    for (const eventId of known.keys()) {
      if (known.size <= most) return;
      known.delete(eventId);
    }
  };
  return async (releases: readonly ListedRelease[]): Promise<readonly ListedSbom[]> => {
    // What is known now may be forgotten for the sake of the other tree before this one is done.
    const found = new Map(
      releases.flatMap(({ eventId }) => {
        const digest = known.get(eventId);
        return digest === undefined ? [] : [[eventId, digest] as const];
      }),
    );
    const unknown = releases.filter(({ eventId }) => !found.has(eventId));
    for (const some of inParts(unknown, AT_ONCE)) await learn(some, found);
    forget();
    return releases.flatMap(({ name, version, eventId }) => {
      const sha256 = found.get(eventId);
      return sha256 === undefined ? [] : [{ name, version, sha256 }];
    });
  };
};

export const readRegistrySbom = (the: SbomDeps) => {
  const digests = createDigests((releases) => materialsOfAll(the.sql, releases));
  return (tree: Tree): Promise<Document> =>
    the.cache.load(`/${tree}/sbom.json`, [CATALOGUE_TOPIC], async () => {
      const all = inPurlOrder(await digests(await publicReleases(the.sql, tree)));
      const rows = await listRows(all, (each) => listed(tree, each));
      return listDocument(SBOM, registrySbomHead(the.registryName, tree), 'components', rows);
    });
};
