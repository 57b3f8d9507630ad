// Which key a pack says it was signed with, over which bytes, and where the signature lies. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, textOf } from '../protocol/manifest/read.ts';
import { type SigningBlock, signingOf } from '../protocol/manifest/signing.ts';
import { refusal } from './refusal.ts';

/** `covers`: pack.json alone, as nearly every pack has it, or the whole tarball, as the first ones had it. */
export interface SignatureClaim {
  readonly keyId: string;
  readonly covers: 'manifest' | 'tarball';
  /** The archive entry that may hold the signature. */
  readonly signatureRef: string | undefined;
}

const unverifiable = (reason: string, signing: unknown) =>
  refusal('signature', 'pack_signature_unverifiable', { reason, signing: signing ?? null });

const overManifest = ({ keyId, signatureRef, method }: SigningBlock): SignatureClaim => {
  if (method === 'sigstore')
    throw unverifiable('sigstore signatures are not verified here', { method, keyId });
  return { keyId, covers: 'manifest', signatureRef };
};

/** v1 only: `{method: "ed25519", keyId}` stands in the served manifest, since a tarball cannot hold its own signature. */
const overTarball = (served: JsonObject): SignatureClaim | undefined => {
  const keyId = textOf(at(served, 'signing', 'keyId'));
  const named = at(served, 'signing', 'method') === 'ed25519' && keyId !== undefined;
  return named ? { keyId, covers: 'tarball', signatureRef: undefined } : undefined;
};

/**
 * What the manifest in the archive claims; only where it claims nothing may v1 registries name the key themselves.
 * Undefined for an unsigned pack.
 * @throws Refusal `pack_signature_unverifiable` for a claim of a form that is not known in that tree
 */
export const claimOf = (tree: Tree, signed: JsonObject, served: JsonObject): SignatureClaim | undefined => {
  const inside = signingOf(signed, tree);
  if (inside !== undefined) return overManifest(inside);
  if (signed['signing'] !== undefined)
    throw unverifiable(`the signing block is not of the form of the ${tree} tree`, signed['signing']);
  if (served['signing'] === undefined) return undefined;
  if (tree === 'v2') throw unverifiable('the archive holds no signing block', served['signing']);
  const outside = signingOf(served, tree);
  const claim = overTarball(served) ?? (outside && overManifest(outside));
  if (claim === undefined) throw unverifiable('the signing block names no key', served['signing']);
  return claim;
};
