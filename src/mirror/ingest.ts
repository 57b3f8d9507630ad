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
import { holdGround, type Origin, sourcesOf } from './ground-store.ts';
import { isFree, keepKey } from './key-store.ts';
import type { Told } from './listing.ts';
import { heldVersion, insertMirrored } from './mirror-store.ts';
import { requireOneSource } from './sources.ts';
import { NotMirrored, SyncEnd } from './trouble.ts';
import { requireRoom } from './yank-room.ts';

export interface IngestDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: BlobStore;
  readonly append: AppendEvent;
  /** What advisories in force here say of a version. */
  readonly warningOf: WarningOf;
}

export interface Ingestion {
  readonly believed: Believed;
  /** The envelope of its release statement. */
  readonly statement: string | null;
  readonly told: Told;
  readonly publishedAt: Date;
}

/** What is yanked here as it is mirrored, and for which event. */
interface Yank {
  readonly grounds: { readonly reason: string; readonly advisoryUrl?: string };
  readonly causationId: string | undefined;
}

const CHANGES_BORNE = 8;

const recordOf = ({ actor }: Origin, { believed, statement, publishedAt }: Ingestion): VersionRecord => ({
  name: believed.name,
  version: believed.version,
  tree: believed.tree,
  digest: believed.digest,
  size: believed.tarball.length,
  manifest: believed.manifestBytes,
  signature: believed.signature,
  keyId: believed.key.keyId,
  statement,
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

const requireKeyKept = async (tx: Tx, key: MirroredKey, { url }: Origin): Promise<void> => {
  const kept = await keepKey(tx, key, url);
  if (kept === 'taken') throw keyIdTaken(key);
  if (kept === 'kept') return;
  const says = 'Upstream has as many keys here already as one upstream may have.';
  throw new NotMirrored('keys_full', says, { keyId: key.keyId }, false);
};

/** Another process that works on the same upstream may have been first: then it is there as it should be. */
const isThereAlready = async (tx: Tx, { url }: Origin, { believed }: Ingestion): Promise<boolean> => {
  const held = await heldVersion(tx, believed);
  if (held === undefined) return false;
  if (held.upstream === url && held.digest === believed.digest && held.tree === believed.tree) return true;
  const { name, version } = believed;
  throw new NotMirrored('version_taken', 'This name and version is there already.', { name, version }, false);
};

type Tried = 'ingested' | 'there' | { readonly swept: number } | { readonly advised: number };

const commit = (
  the: IngestDeps,
  origin: Origin,
  of: Ingestion,
  record: VersionRecord,
  seen: { readonly sweep: number; readonly advice: number; readonly yank: Yank | undefined },
): Promise<Tried> =>
  inTransaction(the.sql, async (tx) => {
    const { name, key, digest } = of.believed;
    const { holder, isFollowed, ...changes } = await holdGround(tx, origin, name, digest, key.keyId);
    if (!isFollowed) throw new SyncEnd('upstream_removed');
    if (holder !== null)
      throw new NotMirrored('namespace_held', 'An account here holds the namespace.', { holder }, false);
    const sources = await sourcesOf(tx, origin, of.believed, key.keyId);
    requireOneSource(origin, name, sources);
    if (sources?.hasVersion === true && (await isThereAlready(tx, origin, of))) return 'there';
    if (changes.sweep > seen.sweep) return { swept: changes.sweep };
    if (changes.advised > seen.advice) return { advised: changes.advised };
    if (seen.yank !== undefined) await requireRoom(tx, origin.actor);
    await requireKeyKept(tx, key, origin);
    const event = await the.append(tx, ingestedEvent(origin, of));
    const entry = {
      ...{ record, upstream: origin.url, told: of.told, event },
      yank: await yankIn(the, tx, origin, of, seen.yank, event),
      deprecation: await deprecateIn(the, tx, origin, of, event),
    };
    if (await insertMirrored(tx, entry)) return 'ingested' as const;
    const says = 'This name and version was published here at the same moment.';
    throw new NotMirrored('version_taken', says, {}, false);
  });

/**
 * False where it was there already.
 * @throws NotMirrored where something here stands in its way; then nothing of it is kept but the blob, which a sweep may
 *   take; SyncEnd where its upstream is not mirrored any more
 */
export const ingest = async (the: IngestDeps, origin: Origin, of: Ingestion): Promise<boolean> => {
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
    if (tried === 'ingested' || tried === 'there') return tried === 'ingested';
    if ('swept' in tried) sweep = tried.swept;
    else {
      const warning = await the.warningOf(of.believed, asPrincipal(origin));
      advice = warning.seen;
      yank = warning.yank ?? yank;
    }
  }
  throw new Error('the bytes of a tarball were swept away, or its pack was advised about, again and again');
};
