// A small registry's trust for tests: named keys, roots, keyrings and delegations, all made on the spot.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { utf8 } from '../../keys/bytes.ts';
import type { ChainQuestion } from '../../keys/chain.ts';
import type { Delegation } from '../../keys/delegation.ts';
import { sign } from '../../keys/ed25519.ts';
import { type Envelope, signEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { parseKeyId, vkeyOf } from '../../keys/key.ts';
import { KEYRING_PAYLOAD_TYPE, type Keyring, keyringPayload } from '../../keys/keyring.ts';
import { ROOT_PAYLOAD_TYPE, type Role, type Root, rootPayload } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { seedSigner } from '../../keys/signers/seed.ts';

export const NOW = new Date('2026-06-01T12:00:00Z');
export const LATER = new Date('2036-06-01T12:00:00Z');
export const MESSAGE = utf8('{"name":"vendor.acme.tools","version":"1.0.0"}');

export const vectors = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;

export const seedOf = (name: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`seed of ${name}`).digest());

/** The signer of that name: the same name is always the same key. */
export const signer = (name: string): Signer => seedSigner(parseKeyId(name), seedOf(name));

/** The same key under another id. */
export const renamed = (name: string, keyId: string): Signer => seedSigner(parseKeyId(keyId), seedOf(name));

export const role = (threshold: number, ...names: readonly string[]): Role => ({
  threshold,
  keys: names.map(signer).map(({ keyId, publicKey }) => ({ keyId, publicKey })),
});

export const rootOf = (change: Partial<Root> = {}): Root => ({
  version: 1,
  issuedAt: '2026-01-01T00:00:00Z',
  expires: '2027-01-01T00:00:00Z',
  registry: 'packs.example.com',
  ...role(2, 'root-a', 'root-b', 'root-c'),
  registrar: role(1, 'registrar'),
  log: { origin: 'log.example.com', vkey: vkeyOf('log.example.com', signer('log').publicKey) },
  ...change,
});

export const signedRoot = (root: Root, ...names: readonly string[]): Promise<Envelope> =>
  signEnvelope({ payloadType: ROOT_PAYLOAD_TYPE, payload: rootPayload(root) }, names.map(signer));

export const delegationOf = (name: string, change: Partial<Delegation> = {}): Delegation => ({
  keyId: signer(name).keyId,
  publicKey: signer(name).publicKey,
  namespaces: ['vendor.acme.*'],
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  issuedAt: '2026-01-01T00:00:00Z',
  ...change,
});

export const keyringOf = (change: Partial<Keyring> = {}): Keyring => ({
  version: 7,
  issuedAt: '2026-05-31T00:00:00Z',
  expires: '2026-06-07T00:00:00Z',
  treeSize: 500,
  delegations: [delegationOf('publisher')],
  revocations: [],
  ...change,
});

export const signedKeyring = (
  keyring: Keyring,
  ...names: readonly [string, ...string[]]
): Promise<Envelope> =>
  signEnvelope({ payloadType: KEYRING_PAYLOAD_TYPE, payload: keyringPayload(keyring) }, names.map(signer));

/** An envelope as it comes over the wire: parsed JSON with base64 in it. */
export const onWire = ({ payloadType, payload, signatures }: Envelope) => ({
  payloadType,
  payload: Buffer.from(payload).toString('base64'),
  signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig).toString('base64') })),
});

/** The question of a host that installs `vendor.acme.tools`, with everything in order; `change` breaks it. */
export const chainQuestion = async (change: Partial<ChainQuestion> = {}): Promise<ChainQuestion> => ({
  anchor: rootOf(),
  updates: [],
  keyring: onWire(await signedKeyring(keyringOf(), 'registrar')),
  packName: 'vendor.acme.tools',
  keyId: 'publisher',
  message: MESSAGE,
  signature: sign(MESSAGE, seedOf('publisher')),
  now: NOW,
  ...change,
});

/** The KeyError that an action throws; fails the test when it throws none. */
export const refusalOf = (action: () => unknown): KeyError => {
  try {
    action();
  } catch (error) {
    if (error instanceof KeyError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};
