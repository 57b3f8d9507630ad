// Whether the bytes were signed by the key they name, and whether that key may speak for the pack.
import { encodeBase64, equalBytes, fromUtf8 } from '../../keys/bytes.ts';
import { canonicalBytes } from '../../keys/canonical.ts';
import { believeSignature } from '../../keys/chain.ts';
import { permits } from '../../keys/delegation.ts';
import { verify } from '../../keys/ed25519.ts';
import { KeyError } from '../../keys/errors.ts';
import { type PublicKey, parseKeyId, parsePublicKey } from '../../keys/key.ts';
import { standing } from '../../keys/keyring.ts';
import type { Archive } from './archive.ts';
import { refusalOfBroken } from './broken-link.ts';
import type { SignatureClaim } from './claim.ts';
import { addressOf, type ListedKey } from './discovery.ts';
import type { MirroredFrom, Recorded } from './leaf.ts';
import { fetchSignature, type Offer } from './offer.ts';
import { refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import type { Wanted } from './resolve.ts';
import type { Trust } from './trust.ts';

/** For which pack which key is said to speak. */
export interface KeyUse {
  readonly wanted: Wanted;
  readonly claim: SignatureClaim;
  /** Takes keys that are no longer in force, though never revoked ones. */
  readonly allowRotatedKeys: boolean;
  /** What the log records of the version; where and when it does decides how the key stands. */
  readonly recorded: Recorded | undefined;
}

/** Everything one signature is judged by. */
export interface SignedOffer extends KeyUse {
  readonly offer: Offer;
  readonly archive: Archive;
  readonly tarball: Uint8Array;
}

const SIGNATURE_BYTES = 64;
const MAX_KEY_BYTES = 4096;
const REVOKED: ReadonlySet<string> = new Set(['revoked', 'compromised']);

const messageOf = ({ claim, archive, tarball }: SignedOffer): Uint8Array =>
  claim.covers === 'tarball' ? tarball : archive.manifestBytes;

/** The served signature; where none is served, the one in the archive or in the log. */
const findSignature = async (registry: OpenRegistry, of: SignedOffer): Promise<Uint8Array> => {
  const { offer, wanted, claim, archive, recorded } = of;
  const served = await fetchSignature(registry, offer, wanted);
  const signature = served ?? archive.files.get(claim.signatureRef ?? '') ?? recorded?.signature;
  if (signature === undefined)
    throw refusal('signature', 'pack_signature_unverifiable', { reason: 'no signature', keyId: claim.keyId });
  if (signature.length !== SIGNATURE_BYTES)
    throw refusal('signature', 'pack_signature_invalid', {
      expected: SIGNATURE_BYTES,
      found: signature.length,
    });
  return signature;
};

/** spec/v2 packs.md: the signed bytes are the canonical ones, so that a manifest has one signature only. */
const requireCanonical = ({ offer, archive }: SignedOffer): void => {
  if (offer.tree === 'v1' || equalBytes(canonicalBytes(archive.manifest), archive.manifestBytes)) return;
  throw refusal('signature', 'pack_signature_invalid', { reason: 'pack.json is not canonical (RFC 8785)' });
};

const textOfSignature = (signature: Uint8Array | undefined): string | null =>
  signature === undefined ? null : encodeBase64(signature);

/** The log speaks of this signature by this key: another one would stand at another place, or at none. */
const requireAsRecorded = ({ claim, recorded }: SignedOffer, signature: Uint8Array): void => {
  if (recorded === undefined) return;
  const expected = { keyId: recorded.keyId ?? null, signature: textOfSignature(recorded.signature) };
  const found = { keyId: claim.keyId, signature: textOfSignature(signature) };
  if (expected.keyId !== found.keyId || expected.signature !== found.signature)
    throw refusal('signature', 'leaf_signature_mismatch', { expected, found });
};

/**
 * With a keyring the registrar says whose key it is. What the log records is asked about as of then; what it does not,
 * as of now, and a rotated key, where those are taken, as of the end of its time.
 */
const timeOf = ({ keyring }: Trust, of: KeyUse, now: Date): Date => {
  const { claim, allowRotatedKeys, recorded } = of;
  if (recorded !== undefined) return recorded.at;
  const delegation = keyring.delegations.find((each) => each.keyId === claim.keyId);
  const rotated = delegation && standing(keyring, claim.keyId, { now }) === 'expired';
  return rotated && allowRotatedKeys ? new Date(Date.parse(delegation.notAfter) - 1) : now;
};

const requireChain = (trust: Trust, of: SignedOffer, signature: Uint8Array, now: Date): PublicKey => {
  const { claim, wanted, recorded } = of;
  const { keyring } = trust;
  const at = timeOf(trust, of, now);
  const signed = { keyId: claim.keyId, packName: wanted.name, message: messageOf(of), signature };
  const verdict = believeSignature({ keyring, ...signed, at, position: recorded?.index });
  if (!verdict.believed) throw refusalOfBroken(verdict);
  return verdict.delegation.publicKey;
};

const requireListedKey = (listed: ListedKey | undefined, of: KeyUse): void => {
  const { keyId } = of.claim;
  if (listed === undefined) throw refusal('delegation', 'key_unknown', { keyId });
  const { status, permittedNamespaces } = listed;
  if (REVOKED.has(status)) throw refusal('delegation', 'key_revoked', { keyId, status });
  if (status !== 'active' && !of.allowRotatedKeys)
    throw refusal('delegation', 'key_inactive', { keyId, status });
  if (!permits({ namespaces: permittedNamespaces }, of.wanted.name))
    throw refusal('delegation', 'key_not_permitted', { keyId, name: of.wanted.name, permittedNamespaces });
};

const fetchKey = async (registry: OpenRegistry, keyId: string): Promise<PublicKey> => {
  try {
    const path = addressOf(registry.discovery.publicKey, { keyId: parseKeyId(keyId) });
    const bytes = await registry.reader.bytes('signature', path, MAX_KEY_BYTES);
    if (bytes === undefined) throw refusal('signature', 'key_unknown', { keyId, path });
    return parsePublicKey(fromUtf8(bytes) ?? '');
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const evidence = { keyId: keyId.slice(0, 200), reason: error.code, ...error.details };
    throw refusal('signature', 'key_unusable', evidence, error.message, error);
  }
};

const requireInList = ({ discovery }: OpenRegistry, of: KeyUse): void => {
  const { signingKeys } = discovery;
  if (signingKeys === undefined) return;
  const listed = signingKeys.find((key) => key.keyId === of.claim.keyId);
  requireListedKey(listed, of);
};

/** Without a keyring: what the registry lists, and the key it serves, are believed because nothing better is there. */
const requireListed = async (
  registry: OpenRegistry,
  of: SignedOffer,
  signature: Uint8Array,
): Promise<PublicKey> => {
  const { keyId } = of.claim;
  requireInList(registry, of);
  const publicKey = await fetchKey(registry, keyId);
  if (!verify({ publicKey, message: messageOf(of), signature }))
    throw refusal('signature', 'pack_signature_invalid', { keyId, covers: of.claim.covers });
  return publicKey;
};

/**
 * The keyring is silent about keys of other registries: the log says which one the registry found there. Whether it speaks
 * for the name was for the mirror to ask, and rests on its word.
 */
const requireMirrored = ({ publicKey }: MirroredFrom, of: SignedOffer, signature: Uint8Array): PublicKey => {
  if (verify({ publicKey, message: messageOf(of), signature })) return publicKey;
  const { keyId, covers } = of.claim;
  throw refusal('signature', 'pack_signature_invalid', { keyId, covers });
};

/** Gives the key that made it. @throws Refusal of `signature` or `delegation` */
export const requireSignature = async (registry: OpenRegistry, of: SignedOffer): Promise<PublicKey> => {
  requireCanonical(of);
  const signature = await findSignature(registry, of);
  requireAsRecorded(of, signature);
  if (of.recorded?.mirrored !== undefined) return requireMirrored(of.recorded.mirrored, of, signature);
  if (registry.trust === undefined) return requireListed(registry, of, signature);
  return requireChain(registry.trust, of, signature, registry.now);
};

const requireDelegated = (
  { keyring }: Trust,
  { wanted, claim, recorded }: KeyUse,
  at: Date,
): PublicKey | undefined => {
  const { keyId } = claim;
  const position = recorded?.index;
  const stands = standing(keyring, keyId, { now: at, position });
  const asked = { keyringVersion: keyring.version, at: at.toISOString(), position };
  const evidence = { keyId, packName: wanted.name, ...asked };
  if (stands !== 'active') throw refusalOfBroken({ believed: false, brokenLink: `key_${stands}`, evidence });
  const delegation = keyring.delegations.find((each) => each.keyId === keyId);
  const namespaces = delegation?.namespaces ?? [];
  if (!permits({ namespaces }, wanted.name))
    throw refusalOfBroken({
      believed: false,
      brokenLink: 'key_namespace',
      evidence: { ...evidence, namespaces },
    });
  return delegation?.publicKey;
};

/** Whether the registry says at all which keys are in force. */
export const knowsStanding = ({ trust, discovery }: OpenRegistry): boolean =>
  trust !== undefined || discovery.signingKeys !== undefined;

/**
 * Whether the key may still speak for the pack, where what it signed is no longer at hand. Gives the key where a keyring
 * says whose it is.
 * @throws Refusal of `delegation`
 */
export const requireStanding = (registry: OpenRegistry, of: KeyUse): PublicKey | undefined => {
  const { trust, now } = registry;
  if (of.recorded?.mirrored !== undefined) return of.recorded.mirrored.publicKey;
  if (trust !== undefined) return requireDelegated(trust, of, timeOf(trust, of, now));
  requireInList(registry, of);
  return undefined;
};
