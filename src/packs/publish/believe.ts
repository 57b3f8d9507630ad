// Whether a pack's signature makes it believable for its namespace, asked before it is stored. Pure.
import { canonicalBytes } from '../../../keys/canonical.ts';
import type { BrokenLink } from '../../../keys/chain.ts';
import { permits } from '../../../keys/delegation.ts';
import { verifyAside } from '../../../keys/ed25519.ts';
import type { NamedKey } from '../../../keys/key.ts';
import type { DelegatedKey } from '../../access/delegations.ts';
import { SIGNATURE_PATH } from '../../protocol/build-tarball.ts';
import { type Fault, fault, type Tree } from '../../protocol/faults.ts';
import { signingOf } from '../../protocol/manifest/signing.ts';
import { mayBeUnsigned, type PackAddress, type PackPolicy } from '../policy.ts';
import type { UnpackedPack } from './unpack.ts';

const SIGNATURE_BYTES = 64;

/** What the signature stage needs to know, found in the tarball. */
export interface SigningNote {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** A signature that was believed, and whose it is. */
export interface BelievedNote extends SigningNote {
  readonly key: NamedKey;
}

/** The links of the chain as keys/chain names them, and what can be wrong before a key is even asked. */
type Broken = BrokenLink | 'method_not_available' | 'malformed' | 'not_canonical';

const refuse = (
  brokenLink: Broken,
  message: string,
  evidence: Readonly<Record<string, unknown>> = {},
): Fault => fault('signature_invalid', { brokenLink, ...evidence }, message);

const methodOf = (pack: UnpackedPack): unknown =>
  (pack.manifest as { readonly signing?: { readonly method?: unknown } }).signing?.method;

/** The signature a tarball carries; `undefined` where it carries none and need not. */
export const findSignature = (
  pack: UnpackedPack,
  address: PackAddress,
  tree: Tree,
  policy: PackPolicy,
): SigningNote | undefined => {
  if (methodOf(pack) === 'sigstore') {
    throw refuse(
      'method_not_available',
      'No trusted root for sigstore is configured here: sign with an Ed25519 key.',
    );
  }
  const signing = signingOf(pack.manifest, tree);
  const signature = pack.contents.get(signing?.signatureRef ?? SIGNATURE_PATH);
  if (signing === undefined || signature === undefined) {
    if (signing === undefined && signature === undefined && mayBeUnsigned(policy, address.name))
      return undefined;
    throw fault('signature_required', {
      expected: signing?.signatureRef ?? SIGNATURE_PATH,
      name: address.name,
    });
  }
  if (signature.length !== SIGNATURE_BYTES) {
    throw refuse('malformed', 'The signature must be 64 raw bytes.', { found: signature.length });
  }
  return { keyId: signing.keyId, signature };
};

const requireCanonical = (pack: UnpackedPack): void => {
  const canonical = canonicalBytes(pack.manifest);
  if (Buffer.compare(canonical, pack.manifestBytes) !== 0) {
    throw refuse('not_canonical', 'pack.json must be the RFC 8785 bytes: build it with attestry pack.');
  }
};

const notActive = (
  standing: 'revoked' | 'expired' | 'not_yet',
  keyId: string,
  rotatedTo: string | undefined,
): Fault =>
  standing === 'expired' && rotatedTo !== undefined
    ? refuse('key_expired', `The key ${keyId} was rotated: sign with ${rotatedTo}, which follows it.`, {
        keyId,
        rotatedTo,
      })
    : refuse(`key_${standing}`, `The key ${keyId} may not sign new versions.`, { keyId });

/** The key that made the signature. Rejects with Fault signature_invalid naming the broken link. */
export const requireBelief = async (
  pack: UnpackedPack,
  address: PackAddress,
  tree: Tree,
  note: SigningNote,
  key: DelegatedKey | undefined,
  now: Date,
): Promise<NamedKey> => {
  const { keyId } = note;
  if (key === undefined) throw refuse('key_unknown', `No key ${keyId} is delegated here.`, { keyId });
  const standing = key.standing(now);
  if (standing !== 'active') {
    throw notActive(standing, keyId, key.rotatedTo);
  }
  if (!permits(key.delegation, address.name)) {
    const permitted = key.delegation.namespaces;
    throw refuse('key_namespace', `The key ${keyId} does not speak for ${address.name}.`, {
      keyId,
      permitted,
    });
  }
  if (tree === 'v2') requireCanonical(pack);
  const { publicKey } = key.delegation;
  if (!(await verifyAside({ publicKey, message: pack.manifestBytes, signature: note.signature }))) {
    throw refuse('signature', `The signature over pack.json was not made by ${keyId}.`, { keyId });
  }
  return key.delegation;
};
