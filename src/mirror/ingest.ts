// Makes a believed version true: its bytes exist, then row, key and events are there in one transaction, or none of them.
import { encodeBase64 } from '../../keys/bytes.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import type { Principal } from '../access/principal.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { othersProviding } from '../packs/provided-store.ts';
import type { WarningOf } from '../packs/publish/advised.ts';
import { flagged } from '../packs/publish/provided-elsewhere.ts';
import type { VersionRecord } from '../packs/version-record.ts';
import type { EventFacts, RecordedEvent } from '../protocol/event.ts';
import type { AppendEvent } from '../transparency/append.ts';
import type { Believed, MirroredKey } from './examine.ts';
import type { Told } from './listing.ts';
import { holdGround, insertMirrored, isFree, keepKey } from './mirror-store.ts';
import { NotMirrored } from './trouble.ts';
import { requireRoom } from './yank-room.ts';

export interface IngestDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: BlobStore;
  readonly append: AppendEvent;
  /** What advisories in force here say of a version. */
  readonly warningOf: WarningOf;
}

/** Where versions come from; `actor` is `mirror:<host>`. */
export interface Origin {
  readonly url: string;
  readonly actor: string;
}

export interface Ingestion {
  readonly believed: Believed;
  readonly told: Told;
  readonly publishedAt: Date;
}

/** What is yanked here as it is mirrored, and for which event. */
interface Yank {
  readonly grounds: { readonly reason: string; readonly advisoryUrl?: string };
  readonly causationId: string | undefined;
}

const CHANGES_BORNE = 8;

const recordOf = ({ actor }: Origin, { believed, publishedAt }: Ingestion): VersionRecord => ({
  name: believed.name,
  version: believed.version,
  tree: believed.tree,
  digest: believed.digest,
  size: believed.tarball.length,
  manifest: believed.manifestBytes,
  signature: believed.signature,
  keyId: believed.key.keyId,
  statement: null,
  facts: believed.facts,
  files: believed.files,
  warnings: believed.warnings,
  publisher: actor,
  publishedAt,
});

const factsOf = ({ actor }: Origin, { name, version }: Believed): Omit<EventFacts, 'kind' | 'data'> => ({
  actor,
  subject: `pack:${name}@${version}`,
});

/** Whoever reads the log learns from where the version is, and by which key it is believed. */
const ingestedEvent = (origin: Origin, { believed }: Ingestion): EventFacts => ({
  kind: 'mirror.ingested',
  ...factsOf(origin, believed),
  data: {
    name: believed.name,
    version: believed.version,
    tree: believed.tree,
    sha256: believed.digest,
    size: believed.tarball.length,
    keyId: believed.key.keyId,
    signature: encodeBase64(believed.signature),
    upstream: origin.url,
    publicKey: encodeBase64(believed.key.publicKey),
    covers: believed.covers,
  },
});

/** One who acts for a mirror, where others ask who publishes: no account, and no token. */
const asPrincipal = ({ actor }: Origin): Principal => ({
  tokenId: '',
  account: actor,
  scopes: ['admin'],
  namespaces: null,
});

const yankIn = async (
  the: IngestDeps,
  tx: Tx,
  origin: Origin,
  { believed }: Ingestion,
  yank: Yank | undefined,
  ingested: RecordedEvent,
) => {
  if (yank === undefined) return null;
  const { name, version } = believed;
  const event = await the.append(tx, {
    kind: 'pack.yanked',
    ...factsOf(origin, believed),
    data: { name, version, ...yank.grounds },
    causationId: yank.causationId ?? ingested.id,
  });
  const note = { ...yank.grounds, yankedAt: event.at.toISOString(), yankedBy: origin.actor };
  return { note, eventId: event.id };
};

const deprecateIn = async (
  the: IngestDeps,
  tx: Tx,
  origin: Origin,
  { believed, told }: Ingestion,
  ingested: RecordedEvent,
) => {
  if (told.deprecated === null) return null;
  const { name, version } = believed;
  const event = await the.append(tx, {
    kind: 'pack.deprecated',
    ...factsOf(origin, believed),
    data: { name, version, ...told.deprecated },
    causationId: ingested.id,
  });
  const note = { ...told.deprecated, deprecatedAt: event.at.toISOString(), deprecatedBy: origin.actor };
  return { note, eventId: event.id };
};

const keyIdTaken = ({ keyId }: MirroredKey): NotMirrored => {
  const says = `The id ${keyId} stands for another key here: what it signed cannot be served beside that.`;
  return new NotMirrored('key_id_taken', says, { keyId }, false);
};

type Tried = 'ingested' | { readonly swept: number } | { readonly advised: number };

const commit = (
  the: IngestDeps,
  origin: Origin,
  of: Ingestion,
  record: VersionRecord,
  seen: { readonly sweep: number; readonly advice: number; readonly yank: Yank | undefined },
): Promise<Tried> =>
  inTransaction(the.sql, async (tx) => {
    const { name, version, key, digest } = of.believed;
    const { holder, ...changes } = await holdGround(tx, name, digest, key.keyId);
    if (holder !== null)
      throw new NotMirrored('namespace_held', 'An account here holds the namespace.', { holder }, false);
    if (changes.sweep > seen.sweep) return { swept: changes.sweep };
    if (changes.advised > seen.advice) return { advised: changes.advised };
    if (seen.yank !== undefined) await requireRoom(tx, origin.actor);
    if (!(await keepKey(tx, key, origin.url))) throw keyIdTaken(key);
    const event = await the.append(tx, ingestedEvent(origin, of));
    const entry = {
      ...{ record, upstream: origin.url, told: of.told, event },
      yank: await yankIn(the, tx, origin, of, seen.yank, event),
      deprecation: await deprecateIn(the, tx, origin, of, event),
    };
    if (await insertMirrored(tx, entry)) return 'ingested' as const;
    throw new NotMirrored(
      'version_taken',
      'This name and version is there already.',
      { name, version },
      false,
    );
  });

/** @throws NotMirrored where something here stands in its way; then nothing of it is kept but the blob, which a sweep may take */
export const ingest = async (the: IngestDeps, origin: Origin, of: Ingestion): Promise<void> => {
  const { tarball, digest } = of.believed;
  const read = async function* () {
    yield tarball;
  };
  if (!(await isFree(the.sql, of.believed.key))) throw keyIdTaken(of.believed.key);
  const record = await flagged(othersProviding(the.sql), recordOf(origin, of));
  let [sweep, advice] = [0, 0];
  const { yanked } = of.told;
  let yank: Yank | undefined = yanked === null ? undefined : { grounds: yanked, causationId: undefined };
  for (let tries = 0; tries < CHANGES_BORNE; tries += 1) {
    await the.blobs.put(blobKey(digest), { size: tarball.length, digest, read });
    // The point of no return: the version is there with its key and its events, or nothing of it.
    const tried = await commit(the, origin, of, record, { sweep, advice, yank });
    if (tried === 'ingested') return;
    if ('swept' in tried) sweep = tried.swept;
    else {
      const warning = await the.warningOf(of.believed, asPrincipal(origin));
      advice = warning.seen;
      yank = warning.yank ?? yank;
    }
  }
  throw new Error('the bytes of a tarball were swept away, or its pack was advised about, again and again');
};
