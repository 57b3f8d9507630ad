// Publishers whose keys follow one another, and what they send for it.
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { formatPublicKeySpki, type PublicKey, parseKeyId, publicKeyFromBytes } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { rotationMessage } from '../../keys/rotation.ts';
import type { Publisher } from '../world/publisher.ts';
import type { Answer, TestRegistry } from '../world/registry.ts';

export const publicKeyFor = ({ seed }: Publisher): PublicKey => publicKeyFromBytes(publicKeyOf(seed));

export const proofBy = (old: Publisher, next: Publisher, validFrom: string): string => {
  const rotation = { keyId: parseKeyId(next.keyId), publicKey: publicKeyFor(next), validFrom };
  return Buffer.from(sign(rotationMessage(rotation), old.seed)).toString('base64');
};

interface Rotating {
  readonly account: string;
  readonly namespaces: readonly string[];
  readonly validFrom?: string;
  readonly now?: Date;
}

/** The body of a rotation as the holder of both keys sends it. */
export const rotationOf = (
  old: Publisher,
  next: Publisher,
  { account, namespaces, now = new Date(), validFrom = now.toISOString() }: Rotating,
) => ({
  kid: next.keyId,
  algorithm: 'ed25519',
  publicKey: formatPublicKeySpki(publicKeyFor(next)),
  validFrom,
  rotationProof: proofBy(old, next, validFrom),
  rotatedFrom: old.keyId,
  proof: Buffer.from(sign(possessionMessage({ account, keyId: next.keyId, namespaces }), next.seed)).toString(
    'base64',
  ),
});

export const rotate = (
  { call }: Pick<TestRegistry, 'call'>,
  token: string,
  body: object,
  name = 'vendor.alice.tools',
  tree: 'v1' | 'v2' = 'v1',
): Promise<Answer> => call('POST', `/${tree}/packs/${name}/-/keychain/rotate`, { token, body });
