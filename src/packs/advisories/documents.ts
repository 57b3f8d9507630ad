// The public documents about advisories: the feed, each of them, and the same for readers of OSV.
import type { Sql } from '../../database/connect.ts';
import { type Document, jsonDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { fault } from '../../protocol/faults.ts';
import { CATALOGUE_TOPIC } from '../read/read.ts';
import { advisoryJson, isAdvisoryId, packsIn } from './advisory.ts';
import { type AdvisoryRecord, findAdvisory, listAdvisories, versionsOfPacks } from './advisory-store.ts';
import { osvOf } from './osv.ts';

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

/** OSV lists the versions that are affected, which a publish may add to. */
const OSV_TOPICS = [ADVISORIES_TOPIC, CATALOGUE_TOPIC];

const osvDocuments = async (the: AdvisoryReadDeps, records: readonly AdvisoryRecord[]) => {
  const packs = [...new Set(records.flatMap(({ content }) => packsIn(content)))];
  const published = await versionsOfPacks(the.sql, packs);
  return records.map((each) => osvOf(each, published, the.url()));
};

export const readOsv =
  (the: AdvisoryReadDeps) =>
  (id: string): Promise<Document> =>
    the.cache.load(`/security/osv/${id}.json`, OSV_TOPICS, async () => {
      const [found] = await osvDocuments(the, [await requireAdvisory(the.sql, id)]);
      return jsonDocument(found);
    });

/** Withdrawn ones stay, as OSV asks for: whoever copied one learns of it. */
export const readAllOsv = (the: AdvisoryReadDeps) => (): Promise<Document> =>
  the.cache.load('/security/osv.json', OSV_TOPICS, async () =>
    jsonDocument({ vulns: await osvDocuments(the, await listAdvisories(the.sql)) }),
  );
