// Proof that whoever holds an old key names the key that follows it (registry-operations.md, Signing-key rotation). Pure.
import { utf8 } from './bytes.ts';
import { verify } from './ed25519.ts';
import { formatPublicKeySpki, type NamedKey, type PublicKey } from './key.ts';

/** `validFrom`: an instant in the spelling in which it is sent and listed; the proof covers that text. */
export interface Rotation extends NamedKey {
  readonly validFrom: string;
}

/**
 * The bytes that the old key signs: `{kid_new}||{publicKey_new}||{validFrom}` as UTF-8, with nothing between them. The
 * key is the padded base64 of its SubjectPublicKeyInfo, 60 characters of which the last, and no other sign of the whole
 * text, is `=`: so the three parts can be told apart.
 */
export const rotationMessage = ({ keyId, publicKey, validFrom }: Rotation): Uint8Array =>
  utf8(`${keyId}${formatPublicKeySpki(publicKey)}${validFrom}`);

/** @param oldKey the key that is followed */
export const provesRotation = (oldKey: PublicKey, rotation: Rotation, proof: Uint8Array): boolean =>
  verify({ publicKey: oldKey, message: rotationMessage(rotation), signature: proof });
