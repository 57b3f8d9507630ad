// The public documents about advisories: the feed, each of them, and the same for readers of OSV.
import type { Sql } from '../../database/connect.ts';
import { type Document, jsonDocument, KINDS } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { listDocument, listRows } from '../../http/list-document.ts';
import { fault } from '../../protocol/faults.ts';
import { groupedBy } from '../../protocol/lists.ts';
import { nameKey } from '../../protocol/pack-id.ts';
import { CATALOGUE_TOPIC } from '../read/read.ts';
import { advisoryJson, isAdvisoryId } from './advisory.ts';
import { type AdvisoryRecord, findAdvisory, listAdvisories, versionsOfPacks } from './advisory-store.ts';
import { osvOf, type Published, packsToList } from './osv.ts';

export interface AdvisoryReadDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
  readonly url: () => string;
}

const ADVISORIES_TOPIC = 'advisories';

/** The topics that a committed event touches, by its subject `advisory:<id>`. */
export const advisoryTopicsOf = (subject: string): readonly string[] =>
  subject.startsWith('advisory:') ? [ADVISORIES_TOPIC] : [];

const ABOUT =
  'Security advisories about packs of this registry, those in force. What they name is yanked. Each stands in the transparency log.';

/** The shape of the public registry's feed, but for its `$schema`, which leads nowhere there. */
export const readFeed = (the: AdvisoryReadDeps) => (): Promise<Document> =>
  the.cache.load('/security/advisories.json', [ADVISORIES_TOPIC], async () => {
    const active = (await listAdvisories(the.sql)).filter(({ withdrawn }) => withdrawn === null);
    return jsonDocument({
      _about: ABOUT,
      advisories: active.map((each) => advisoryJson(each, each.content)),
    });
  });

const requireAdvisory = async (sql: Sql, id: string): Promise<AdvisoryRecord> => {
  const found = isAdvisoryId(id) ? await findAdvisory(sql, id) : undefined;
  if (found === undefined) throw fault('advisory_not_found', { id });
  return found;
};

/** One that was withdrawn says so, in a member that the closed shape of those in force does not have. */
export const readAdvisory =
  (the: AdvisoryReadDeps) =>
  (id: string): Promise<Document> =>
    the.cache.load(`/security/advisories/${id}.json`, [ADVISORIES_TOPIC], async () => {
      const found = await requireAdvisory(the.sql, id);
      const { withdrawn } = found;
      return jsonDocument({
        ...advisoryJson(found, found.content),
        ...(withdrawn === null ? {} : { withdrawn }),
      });
    });

/** OSV may list the versions that are affected, which a publish may add to. */
const OSV_TOPICS = [ADVISORIES_TOPIC, CATALOGUE_TOPIC];

const publishedFor = async (
  the: AdvisoryReadDeps,
  records: readonly AdvisoryRecord[],
): Promise<Published> => {
  const packs = [...new Set(records.flatMap(({ content }) => packsToList(content)))];
  const found = packs.length === 0 ? [] : await versionsOfPacks(the.sql, packs);
  return groupedBy(found, ({ name }) => nameKey(name));
};

export const readOsv =
  (the: AdvisoryReadDeps) =>
  (id: string): Promise<Document> =>
    the.cache.load(`/security/osv/${id}.json`, OSV_TOPICS, async () => {
      const found = await requireAdvisory(the.sql, id);
      return jsonDocument(osvOf(found, await publishedFor(the, [found]), the.url()));
    });

/** Withdrawn ones stay, as OSV asks for: whoever copied one learns of it. */
export const readAllOsv = (the: AdvisoryReadDeps) => (): Promise<Document> =>
  the.cache.load('/security/osv.json', OSV_TOPICS, async () => {
    const all = await listAdvisories(the.sql);
    const published = await publishedFor(the, all);
    const rows = await listRows(all, (each) => osvOf(each, published, the.url()));
    return listDocument(KINDS.json, {}, 'vulns', rows);
  });
