// Publishes one version of a pack: from a hostile upload to a fact, or to a refusal that leaves nothing behind.

import type { BlobStore } from '../../storage/blob-store.ts';
import {
  type Digest,
  digestOfIntegrity,
  integrityOf,
  parseDigest,
  sameDigest,
} from '../../storage/digest.ts';
import { StorageError } from '../../storage/errors.ts';
import { blobKey } from '../../storage/object-keys.ts';
import type { Staged, Staging } from '../../storage/staging.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { DelegatedKey } from '../access/delegations.ts';
import { requireNamespace, requireScope } from '../access/grants.ts';
import { actorOf, isOperator, type Principal } from '../access/principal.ts';
import type { Sql } from '../database/connect.ts';
import type { Admit } from '../http/admission.ts';
import type { RecordedEvent } from '../protocol/event.ts';
import { type Fault, fault, type Tree } from '../protocol/faults.ts';
import { namespaceOf, type PackName } from '../protocol/pack-id.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { type ArchiveCaps, inspectTarball } from '../protocol/tarball.ts';
import type { MakeEvent } from '../transparency/append.ts';
import type { AwaitReceipt, ProvableEvent } from '../transparency/receipts.ts';
import { type BelievedNote, findSignature, requireBelief } from './believe.ts';
import {
  type FindHolder,
  holderOf,
  holders,
  type InsertOutcome,
  type ListedVersion,
  type VersionRecord,
} from './pack-store.ts';
import { isPrivate, type PackAddress, type PackPolicy, readPublishAddress } from './policy.ts';
import { requireStatement } from './statement.ts';
import { type UnpackedPack, unpack } from './unpack.ts';

export interface UploadCaps extends ArchiveCaps {
  readonly maxUploadBytes: number;
}

export interface PublishDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly staging: Staging;
  readonly policy: PackPolicy;
  readonly caps: UploadCaps;
  readonly now: () => Date;
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly makeEvent: MakeEvent;
  readonly insertVersion: (
    record: VersionRecord,
    event: RecordedEvent,
    tokenId: string,
    sweepSeen?: number,
  ) => Promise<InsertOutcome>;
  /** Makes the new version visible to readers of every process. */
  readonly announce: (subject: string) => void;
  readonly awaitReceipt: AwaitReceipt;
  /** Bounds the uploads under way, of everybody and of one account. */
  readonly admit: Admit;
}

/** Everything here was chosen by the uploader. */
export interface PublishRequest {
  readonly tree: Tree;
  readonly name: string;
  readonly version: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  /** `X-Pack-Sha256` (v1): `sha256-<base64>`, `sha256-<hex>` or bare hex. */
  readonly expectedDigest: string | undefined;
  /** `Attestry-Release-Statement`: see protocol/statement-envelope. */
  readonly statement: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What an answer tells of a version, whether it was there before or not. */
type PublishedRecord = Pick<
  VersionRecord,
  'name' | 'version' | 'tree' | 'digest' | 'publishedAt' | 'keyId' | 'warnings'
>;

/** A fact in the database; its event may still wait for its seal. */
interface Recorded {
  readonly record: PublishedRecord;
  readonly created: boolean;
  /** Whether it has a release statement: a version keeps what it was published with. */
  readonly stated: boolean;
  /** The event that published it, or its id where that was before. */
  readonly event: ProvableEvent | string;
}

export interface Published extends Recorded {
  /** Undefined where the seal is late: the version is there, and the receipt can be had later. */
  readonly receipt: Receipt | undefined;
}

/** What all publishes have in common beyond what they are given. */
interface Shared extends PublishDeps {
  readonly findHolder: FindHolder;
}

export const publishPack = (deps: PublishDeps) => {
  const the: Shared = { ...deps, findHolder: holders(deps.sql) };
  return async (request: PublishRequest): Promise<Published> => {
    const recorded = await recordVersion(the, request);
    return { ...recorded, receipt: await the.awaitReceipt(recorded.event) };
  };
};

const recordVersion = async (the: Shared, request: PublishRequest): Promise<Recorded> => {
  const address = readPublishAddress(the.policy, request.name, request.version);
  const publisher = await the.authenticate(request.authorization);
  await requirePermission(the, publisher, address.name);
  const share = isOperator(publisher) ? undefined : publisher.account;
  return the.admit(share, () => takeIn(the, request, address, publisher));
};

const takeIn = async (
  the: Shared,
  request: PublishRequest,
  address: PackAddress,
  publisher: Principal,
): Promise<Recorded> => {
  const staged = await receive(the, request);
  try {
    const report = await inspectTarball(staged.read(), the.caps);
    const pack = unpack(report, address, request.tree);
    requireExpectedDigest(request, staged.digest);
    const note = await requireBelievable(the, request.tree, pack, address);
    const statement = requireStatement(request.statement, note, staged.digest, pack.manifestBytes);
    const findings = { ...address, tree: request.tree, staged, pack, note, statement, publisher };
    const record = recordOf(the.now(), findings);
    const taken = await the.findHolder(address);
    if (taken !== undefined) return alreadyPublished(taken, record);
    return await storeAndCommit(the, staged, record, publisher);
  } finally {
    await staged.discard();
  }
};

const requirePermission = async (the: PublishDeps, publisher: Principal, name: PackName): Promise<void> => {
  requireScope(publisher, 'packs:publish');
  const namespace = namespaceOf(name);
  requireNamespace(publisher, name, namespace, await the.holderOfNamespace(namespace));
};

const TARBALL_TYPES = /^application\/(gzip|x-gzip|tar\+gzip|octet-stream)\b/i;

const receive = async (the: PublishDeps, request: PublishRequest): Promise<Staged> => {
  if (!TARBALL_TYPES.test(request.contentType ?? 'application/octet-stream')) {
    throw fault(
      'invalid_body',
      { contentType: request.contentType },
      'Send the tarball as application/gzip.',
    );
  }
  const maxBytes = the.caps.maxUploadBytes;
  const staged = await the.staging.receive(request.body, { maxBytes }).catch((error: unknown) => {
    if (error instanceof StorageError && error.code === 'too_large')
      throw fault('upload_too_large', { maxBytes });
    throw error;
  });
  if (staged.size > 0) return staged;
  await staged.discard();
  throw fault('invalid_body', {}, 'The body is empty.');
};

const anySpelling = (text: string): Digest | undefined =>
  digestOfIntegrity(text) ?? parseDigest(text.replace(/^sha256-/, '').toLowerCase());

const requireExpectedDigest = (request: PublishRequest, found: Digest): void => {
  if (request.tree === 'v2' || request.expectedDigest === undefined) return;
  const expected = anySpelling(request.expectedDigest);
  if (expected !== undefined && sameDigest(expected, found)) return;
  throw fault('pack_integrity_failure', { expected: request.expectedDigest, found: integrityOf(found) });
};

const requireBelievable = async (
  the: PublishDeps,
  tree: Tree,
  pack: UnpackedPack,
  address: PackAddress,
): Promise<BelievedNote | undefined> => {
  const note = findSignature(pack, address, tree, the.policy);
  if (note === undefined) return undefined;
  const found = await the.delegatedKey(note.keyId);
  return { ...note, key: await requireBelief(pack, address, tree, note, found, the.now()) };
};

/** What the steps of a publish found out, ready to be recorded. */
interface Findings extends PackAddress {
  readonly tree: Tree;
  readonly staged: Staged;
  readonly pack: UnpackedPack;
  readonly note: BelievedNote | undefined;
  readonly statement: string | null;
  readonly publisher: Principal;
}

const recordOf = (publishedAt: Date, found: Findings): VersionRecord => ({
  name: found.name,
  version: found.version,
  tree: found.tree,
  digest: found.staged.digest,
  size: found.staged.size,
  manifest: found.pack.manifestBytes,
  signature: found.note?.signature ?? null,
  keyId: found.note?.keyId ?? null,
  statement: found.statement,
  facts: found.pack.facts,
  files: found.pack.files,
  warnings: found.pack.warnings,
  publisher: found.publisher.account,
  publishedAt,
});

/** The same bytes again are no news; other bytes under a taken name are refused for ever. */
const alreadyPublished = (taken: ListedVersion, wanted: VersionRecord): Recorded => {
  const same =
    taken.name === wanted.name && taken.tree === wanted.tree && sameDigest(taken.digest, wanted.digest);
  if (same) return { record: taken, created: false, stated: taken.stated, event: taken.eventId };
  throw fault('conflict', {
    expected: integrityOf(taken.digest),
    found: integrityOf(wanted.digest),
    tree: taken.tree,
  });
};

const subjectOf = (record: VersionRecord): string => `pack:${record.name}@${record.version}`;

const publishedEvent = (record: VersionRecord, publisher: Principal) => ({
  kind: 'pack.published' as const,
  actor: actorOf(publisher),
  subject: subjectOf(record),
  sealed: isPrivate(record.name),
  data: {
    name: record.name,
    version: record.version,
    tree: record.tree,
    sha256: record.digest,
    size: record.size,
    keyId: record.keyId,
    signature: record.signature === null ? null : Buffer.from(record.signature).toString('base64'),
  },
});

const SWEEPS_BORNE = 8;

/** The bytes may have lain there as garbage, which a sweep takes away until they are named: then they are put again. */
const storeAndCommit = async (
  the: PublishDeps,
  staged: Staged,
  record: VersionRecord,
  publisher: Principal,
): Promise<Recorded> => {
  let sweep = 0;
  for (let tries = 0; tries < SWEEPS_BORNE; tries += 1) {
    await staged.promote(the.blobs, blobKey(staged.digest));
    const recorded = await commit(the, record, publisher, sweep);
    if (!('swept' in recorded)) return recorded;
    sweep = recorded.swept;
  }
  throw new Error('the bytes of a tarball were swept away again and again');
};

const commit = async (
  the: PublishDeps,
  record: VersionRecord,
  publisher: Principal,
  sweepSeen: number,
): Promise<Recorded | { readonly swept: number }> => {
  // The point of no return is this one statement: before it a crash leaves only a blob for the sweep, after it the
  // version is there with its event, and everything served is made from these rows.
  const event = the.makeEvent(publishedEvent(record, publisher));
  const outcome = await the.insertVersion(record, event, publisher.tokenId, sweepSeen);
  if (typeof outcome === 'object') return outcome;
  if (outcome === 'token_ended')
    throw fault('key_revoked', {}, 'This token ended while the upload was under way.');
  if (outcome === 'key_ended') throw keyRevokedMeanwhile(record);
  if (outcome === 'taken') return lostTheRace(the, record);
  the.announce(subjectOf(record));
  return { record, created: true, stated: record.statement !== null, event };
};

const keyRevokedMeanwhile = ({ keyId }: VersionRecord): Fault =>
  fault(
    'signature_invalid',
    { brokenLink: 'key_revoked', keyId },
    `The key ${keyId} may not sign new versions.`,
  );

const lostTheRace = async (the: PublishDeps, record: VersionRecord): Promise<Recorded> => {
  const winner = await holderOf(the.sql, record.name, record.version);
  if (winner === undefined) throw new Error('a version was refused as taken, and is not there');
  return alreadyPublished(winner, record);
};
