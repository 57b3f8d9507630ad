// Reads from a manifest which key is said to have signed it, and where its signature lies. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../faults.ts';
import { at, textOf } from './read.ts';
import { pathInArchive } from './references.ts';

/** Where every published pack keeps its signature, and v2 packs must. */
const USUAL_PLACE = 'keys/pack.json.sig';

export interface SigningBlock {
  readonly keyId: string;
  /** The archive entry that holds the signature. */
  readonly signatureRef: string;
  readonly method: 'manual' | 'sigstore' | 'ed25519-canonical-json';
}

const readV1 = (block: JsonValue): SigningBlock | undefined => {
  const keyId = textOf(at(block, 'publicKeyRef'));
  if (keyId === undefined || keyId === '') return undefined;
  const place = textOf(at(block, 'signatureRef')) ?? USUAL_PLACE;
  const method = at(block, 'method') === 'sigstore' ? 'sigstore' : 'manual';
  return { keyId, signatureRef: pathInArchive(place), method };
};

const readV2 = (block: JsonValue): SigningBlock | undefined => {
  const keyId = textOf(at(block, 'keyId'));
  if (keyId === undefined || keyId === '' || at(block, 'scheme') !== 'ed25519-canonical-json')
    return undefined;
  return { keyId, signatureRef: USUAL_PLACE, method: 'ed25519-canonical-json' };
};

/** The signing block as its tree spells it (v2 packs.md, Signing); undefined where it names no key. */
export const signingOf = (manifest: JsonValue, tree: Tree): SigningBlock | undefined => {
  const block = at(manifest, 'signing');
  if (block === undefined) return undefined;
  return tree === 'v1' ? readV1(block) : readV2(block);
};
