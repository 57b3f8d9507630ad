// Proof that whoever lists a key also holds it: nobody can take another's key out of the world by listing it first. Pure.
import { canonicalBytes } from './canonical.ts';
import { verify } from './ed25519.ts';
import { pae } from './envelope.ts';
import type { PublicKey } from './key.ts';

export const POSSESSION_PAYLOAD_TYPE = 'application/vnd.attestry.possession+json';

/** What is proven: this account may list this key under this id for these namespaces. */
export interface Possession {
  readonly account: string;
  readonly keyId: string;
  readonly namespaces: readonly string[];
}

/** The bytes that the key itself signs: the pre-authentication encoding (DSSE) of the canonical claim. */
export const possessionMessage = ({ account, keyId, namespaces }: Possession): Uint8Array =>
  pae(
    POSSESSION_PAYLOAD_TYPE,
    canonicalBytes({ type: 'attestry-possession/v1', account, keyId, namespaces }),
  );

export const provesPossession = (publicKey: PublicKey, claim: Possession, proof: Uint8Array): boolean =>
  verify({ publicKey, message: possessionMessage(claim), signature: proof });
