// Holders of root keys and the roots they sign, for a registry that has begun with a root of its own.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, vkeyOf } from '../../keys/key.ts';
import { type Keyring, verifyKeyring } from '../../keys/keyring.ts';
import { ROOT_PAYLOAD_TYPE, type Role, type Root, rootPayload, verifyFirstRoot } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { createSeedFile, loadSeedSigner, seedSigner } from '../../keys/signers/seed.ts';
import type { Answer, CallOptions } from '../world/registry.ts';

type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

export const holder = (name: string): Signer => seedSigner(parseKeyId(name), randomBytes(32));

export const holders = (...names: readonly string[]): readonly Signer[] => names.map(holder);

export const roleOf = (threshold: number, signers: readonly Signer[]): Role => ({
  threshold,
  keys: signers.map(({ keyId, publicKey }) => ({ keyId, publicKey })),
});

/** The key that the registry made for its root at the first start. */
export const ownRootKey = (dataDir: string): Promise<Signer> =>
  loadSeedSigner(join(dataDir, 'keys', 'attestry-root.pem'), parseKeyId('attestry-root'));

/** Lays a new private key into the keys folder, as an operator does before a rotation. */
export const layKey = async (dataDir: string, keyId: string): Promise<Signer> => {
  const path = join(dataDir, 'keys', `${keyId}.pem`);
  await createSeedFile(path);
  return loadSeedSigner(path, parseKeyId(keyId));
};

export const currentRoot = async (call: Call): Promise<Root> =>
  verifyFirstRoot(parseEnvelope((await call('GET', '/trust/root.json', { token: null })).bytes));

export const currentKeyring = async (call: Call): Promise<Keyring> => {
  const { bytes } = await call('GET', '/trust/keyring.json', { token: null });
  return verifyKeyring(await currentRoot(call), parseEnvelope(bytes));
};

export const successor = (root: Root, change: Partial<Root> = {}): Root => ({
  ...root,
  version: root.version + 1,
  ...change,
});

export const logOf = (root: Root, log: Signer): Root['log'] => ({
  origin: root.log.origin,
  vkey: vkeyOf(root.log.origin, log.publicKey),
});

export const signedRootText = async (root: Root, signers: readonly Signer[]): Promise<string> =>
  envelopeText(await signEnvelope({ payloadType: ROOT_PAYLOAD_TYPE, payload: rootPayload(root) }, signers));

/** Sends it as the operator does. */
export const publish = async (call: Call, root: Root, signers: readonly Signer[]): Promise<Answer> =>
  call('POST', '/trust/roots', { body: JSON.parse(await signedRootText(root, signers)) });
