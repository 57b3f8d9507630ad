// Whether one version of an upstream may be believed: its archive, its digest, its signature by a key for its name. Pure.
import { equalBytes, fromUtf8 } from '../../keys/bytes.ts';
import { canonicalBytes, type JsonObject } from '../../keys/canonical.ts';
import { permits } from '../../keys/delegation.ts';
import { verifyAside } from '../../keys/ed25519.ts';
import { type PublicKey, parseKeyId, parsePublicKey } from '../../keys/key.ts';
import { type Digest, digestOf, digestOfIntegrity, integrityOf, sameDigest } from '../../storage/digest.ts';
import { requireIdentity } from '../client/agreement.ts';
import { claimOf, type SignatureClaim } from '../client/claim.ts';
import type { ListedKey } from '../client/discovery.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import { inspectBytes } from '../client/tarball-bytes.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import { describeManifest, type ManifestFacts } from '../protocol/manifest/describe.ts';
import { at, textOf } from '../protocol/manifest/read.ts';
import type { PackName, PackVersion } from '../protocol/pack-id.ts';
import type { PackedFile, TarballReport } from '../protocol/tarball.ts';
import { flawsOf } from './flaws.ts';
import { UNLISTED } from './layout.ts';
import { asNotMirrored, NotMirrored } from './trouble.ts';

/** What an upstream sent as one version; everything in it is a claim. */
export interface Sent {
  readonly tree: Tree;
  readonly name: PackName;
  readonly version: PackVersion;
  readonly served: JsonObject;
  readonly tarball: Uint8Array;
  /** Undefined where none is served: v1 withholds that of a yanked version. */
  readonly signature: Uint8Array | undefined;
}

/** Asks the upstream for what it knows of a key. */
export interface KeySource {
  /** Undefined where the upstream lists no keys at all. */
  readonly keys: ReadonlyMap<string, ListedKey> | undefined;
  readonly fetchPem: (keyId: string) => Promise<Uint8Array | undefined>;
}

export interface MirroredKey {
  readonly keyId: string;
  readonly publicKey: PublicKey;
  /** As it was served. */
  readonly pem: Uint8Array;
  /** As they were listed; empty where none were. */
  readonly namespaces: readonly string[];
  readonly status: string;
}

/** A version that is believed, ready to be recorded. */
export interface Believed extends Omit<Sent, 'signature'> {
  readonly digest: Digest;
  readonly manifestBytes: Uint8Array;
  readonly facts: ManifestFacts;
  readonly files: readonly PackedFile[];
  readonly signature: Uint8Array;
  readonly key: MirroredKey;
  readonly covers: SignatureClaim['covers'];
  readonly warnings: readonly Violation[];
}

const SIGNATURE_BYTES = 64;
/** What nothing new is believed by. */
export const REVOKED: ReadonlySet<string> = new Set(['revoked', 'compromised']);

/** The digest that a served manifest names, in either of the spellings there are. */
export const servedDigest = (served: JsonObject): Digest | undefined =>
  digestOfIntegrity(textOf(served['integrity']) ?? textOf(served['tarballSha256']) ?? '');

const requireDigest = ({ served, tarball }: Sent): Digest => {
  const [expected, found] = [servedDigest(served), digestOf(tarball)];
  if (expected === undefined)
    throw new NotMirrored('integrity_missing', 'Upstream names no SHA-256 digest for the tarball.');
  if (sameDigest(expected, found)) return found;
  const evidence = { expected: integrityOf(expected), found: integrityOf(found) };
  throw new NotMirrored(
    'pack_integrity_mismatch',
    'The tarball is not the one that upstream names.',
    evidence,
  );
};

interface Opened {
  readonly report: TarballReport;
  readonly manifest: JsonObject;
  readonly manifestBytes: Uint8Array;
}

/** The archive as a publish would inspect it: what could do harm to who unpacks it is never taken. */
const openSound = async (tarball: Uint8Array): Promise<Opened> => {
  const report = await inspectBytes(tarball);
  const [first] = report.violations;
  if (first !== undefined)
    throw new NotMirrored('archive_invalid', first.message, { violations: report.violations.slice(0, 10) });
  const { manifestBytes } = report;
  if (manifestBytes === undefined) throw new NotMirrored('archive_invalid', 'The archive has no pack.json.');
  const read = strictObjectOf(manifestBytes);
  if (!read.ok) throw new NotMirrored('archive_invalid', `pack.json: ${read.problem.message}`);
  return { report, manifest: read.object, manifestBytes };
};

const signatureOf = (sent: Sent, claim: SignatureClaim, { report }: Opened): Uint8Array => {
  const signature = sent.signature ?? report.contents.get(claim.signatureRef ?? '');
  if (signature?.length === SIGNATURE_BYTES) return signature;
  throw new NotMirrored('pack_signature_unverifiable', 'There is no signature of 64 bytes.', {
    found: signature?.length ?? null,
  });
};

/** A key that is not active any more may have signed what was published while it was; one that was revoked may not. */
const requireListed = (source: KeySource, keyId: string, name: string): ListedKey => {
  const listed = source.keys?.get(keyId);
  if (source.keys === undefined) return { keyId, status: UNLISTED, permittedNamespaces: [] };
  if (listed === undefined) throw new NotMirrored('key_unknown', 'Upstream lists no such key.', { keyId });
  const { status, permittedNamespaces } = listed;
  if (REVOKED.has(status))
    throw new NotMirrored('key_revoked', 'Upstream revoked the key.', { keyId, status });
  if (!permits({ namespaces: permittedNamespaces }, name))
    throw new NotMirrored('key_not_permitted', 'The key does not speak for that name.', {
      keyId,
      permittedNamespaces: permittedNamespaces.slice(0, 20),
    });
  return listed;
};

const findKey = async (source: KeySource, keyId: string, name: string): Promise<MirroredKey> => {
  const { status, permittedNamespaces: namespaces } = requireListed(source, parseKeyId(keyId), name);
  const pem = await source.fetchPem(keyId);
  if (pem === undefined) throw new NotMirrored('key_unknown', 'Upstream serves no such key.', { keyId });
  return { keyId, publicKey: parsePublicKey(fromUtf8(pem) ?? ''), pem, namespaces, status };
};

const requireSigned = async (
  sent: Sent,
  claim: SignatureClaim,
  opened: Opened,
  { publicKey, keyId }: MirroredKey,
): Promise<Uint8Array> => {
  const signature = signatureOf(sent, claim, opened);
  const canonical = sent.tree === 'v1' || equalBytes(canonicalBytes(opened.manifest), opened.manifestBytes);
  const message = claim.covers === 'tarball' ? sent.tarball : opened.manifestBytes;
  if (canonical && (await verifyAside({ publicKey, message, signature }))) return signature;
  const says = canonical
    ? 'The signature was not made by the named key.'
    : 'pack.json is not canonical (RFC 8785).';
  throw new NotMirrored('pack_signature_invalid', says, { keyId, covers: claim.covers });
};

const believe = async (sent: Sent, source: KeySource): Promise<Believed> => {
  const digest = requireDigest(sent);
  const opened = await openSound(sent.tarball);
  const { manifest, manifestBytes, report } = opened;
  requireIdentity(sent.served, manifest, { ...sent, asked: 'exact' });
  const claim = claimOf(sent.tree, manifest, sent.served);
  if (claim === undefined)
    throw new NotMirrored('pack_signature_unverifiable', 'The pack is not signed.', {
      signing: at(sent.served, 'signing') ?? null,
    });
  const key = await findKey(source, claim.keyId, sent.name);
  const signature = await requireSigned(sent, claim, opened, key);
  const warnings = flawsOf({
    ...{ tree: sent.tree, name: sent.name, manifest, served: sent.served },
    paths: new Set(report.files.map(({ path }) => path)),
    overTarball: claim.covers === 'tarball',
    listsKeys: source.keys !== undefined,
  });
  const facts = describeManifest(manifest);
  const { covers } = claim;
  return { ...sent, digest, manifestBytes, facts, files: report.files, signature, key, covers, warnings };
};

/** Rejects with NotMirrored, saying why it is not believed; with what the network did where a key cannot be had. */
export const examine = async (sent: Sent, source: KeySource): Promise<Believed> => {
  try {
    return await believe(sent, source);
  } catch (error) {
    throw asNotMirrored(error);
  }
};
