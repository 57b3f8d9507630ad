// The checks of an upload, in the order of the specification: from hostile bytes to a version that could be recorded.
import {
  type Digest,
  digestOfIntegrity,
  integrityOf,
  parseDigest,
  sameDigest,
} from '../../../storage/digest.ts';
import { StorageError } from '../../../storage/errors.ts';
import type { Staged, Staging } from '../../../storage/staging.ts';
import type { DelegatedKey } from '../../access/delegations.ts';
import type { Principal } from '../../access/principal.ts';
import { fault, faultOf, type Tree } from '../../protocol/faults.ts';
import { reservedTypeIds } from '../../protocol/manifest/describe.ts';
import { namespaceOf } from '../../protocol/pack-id.ts';
import { type ArchiveCaps, inspectTarball } from '../../protocol/tarball.ts';
import type { PackAddress, PackPolicy } from '../policy.ts';
import type { VersionRecord } from '../version-record.ts';
import { type BelievedNote, findSignature, requireBelief } from './believe.ts';
import { requireStatement } from './statement.ts';
import { type UnpackedPack, unpack } from './unpack.ts';

export interface UploadCaps extends ArchiveCaps {
  readonly maxUploadBytes: number;
}

/** Everything here was chosen by the uploader. */
export interface Upload {
  readonly tree: Tree;
  readonly contentType: string | undefined;
  /** `X-Pack-Sha256` (v1): `sha256-<base64>`, `sha256-<hex>` or bare hex. */
  readonly expectedDigest: string | undefined;
  /** `Attestry-Release-Statement`: see protocol/statement-envelope. */
  readonly statement: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface CheckDeps {
  readonly staging: Staging;
  readonly policy: PackPolicy;
  readonly caps: UploadCaps;
  readonly now: () => Date;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  /** @throws Fault signature_invalid for a key that a former holder left behind */
  readonly requireKeyOfHolder: (namespace: string, key: DelegatedKey | undefined) => Promise<void>;
}

/**
 * What the bytes say they are, once every rule holds and the signature is believed.
 * @throws Fault of the first stage that fails: archive, manifest, integrity, signature, release statement.
 */
export const checkUpload = async (
  the: CheckDeps,
  upload: Upload,
  address: PackAddress,
  publisher: Principal,
  staged: Staged,
): Promise<VersionRecord> => {
  const report = await inspectTarball(staged.read(), the.caps);
  const pack = unpack(report, address, upload.tree);
  requireOwnIds(the.policy, pack, address);
  requireExpectedDigest(upload, staged.digest);
  const note = await requireBelievable(the, upload.tree, pack, address);
  const statement = requireStatement(upload.statement, note, staged.digest, pack.manifestBytes);
  return recordOf(the.now(), { ...address, tree: upload.tree, staged, pack, note, statement, publisher });
};

const TARBALL_TYPES = /^application\/(gzip|x-gzip|tar\+gzip|octet-stream)\b/i;

/** Takes the body in. @throws Fault invalid_body or upload_too_large */
export const receiveUpload = async (the: CheckDeps, request: Upload): Promise<Staged> => {
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

const requireExpectedDigest = (request: Upload, found: Digest): void => {
  if (request.tree === 'v2' || request.expectedDigest === undefined) return;
  const expected = anySpelling(request.expectedDigest);
  if (expected !== undefined && sameDigest(expected, found)) return;
  throw fault('pack_integrity_failure', { expected: request.expectedDigest, found: integrityOf(found) });
};

/** Where the operator says so, the ids of the protocol are given by packs of the protocol alone (node-packs.md, Naming). */
const requireOwnIds = ({ protocolTypeIds }: PackPolicy, pack: UnpackedPack, { name }: PackAddress): void => {
  const [first, ...others] = protocolTypeIds === 'refuse' ? reservedTypeIds(pack.manifest, name) : [];
  if (first !== undefined) throw faultOf([first, ...others]);
};

const requireBelievable = async (
  the: CheckDeps,
  tree: Tree,
  pack: UnpackedPack,
  address: PackAddress,
): Promise<BelievedNote | undefined> => {
  const note = findSignature(pack, address, tree, the.policy);
  if (note === undefined) return undefined;
  const found = await the.delegatedKey(note.keyId);
  const key = await requireBelief(pack, address, tree, note, found, the.now());
  await the.requireKeyOfHolder(namespaceOf(address.name), found);
  return { ...note, key };
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
