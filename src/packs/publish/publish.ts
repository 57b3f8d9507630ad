// Publishes one version of a pack: from a hostile upload to a fact, or to a refusal that leaves nothing behind.

import {
  type Digest,
  digestOfIntegrity,
  integrityOf,
  parseDigest,
  sameDigest,
} from '../../../storage/digest.ts';
import { StorageError } from '../../../storage/errors.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import type { Staged, Staging } from '../../../storage/staging.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import type { DelegatedKey } from '../../access/delegations.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Admit } from '../../http/admission.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import { namespaceOf, type PackName } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import { type ArchiveCaps, inspectTarball } from '../../protocol/tarball.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { type FindHolder, holders, type VersionRecord } from '../pack-store.ts';
import { type PackAddress, type PackPolicy, readPublishAddress } from '../policy.ts';
import { type BelievedNote, findSignature, requireBelief } from './believe.ts';
import { alreadyPublished, type CommitDeps, commitVersion, type Recorded } from './commit-version.ts';
import { requireStatement } from './statement.ts';
import { type UnpackedPack, unpack } from './unpack.ts';

export interface UploadCaps extends ArchiveCaps {
  readonly maxUploadBytes: number;
}

export interface PublishDeps extends CommitDeps {
  readonly staging: Staging;
  readonly policy: PackPolicy;
  readonly caps: UploadCaps;
  readonly now: () => Date;
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
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
    if (taken !== undefined) return await publishedAgain(the, staged, alreadyPublished(taken, record));
    return await commitVersion(the, staged, record, publisher);
  } finally {
    await staged.discard();
  }
};

/** Whoever brings the same bytes again mends a store that lost them. */
const publishedAgain = async (the: PublishDeps, staged: Staged, recorded: Recorded): Promise<Recorded> => {
  await staged.promote(the.blobs, blobKey(staged.digest));
  return recorded;
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
