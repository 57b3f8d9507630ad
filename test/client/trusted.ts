// A registry with a root, a registrar and a keyring, whose documents tests may change, replace and hold back.
import { onTestFinished } from 'vitest';
import type { Delegation } from '../../keys/delegation.ts';
import { type Envelope, envelopeText } from '../../keys/envelope.ts';
import type { Keyring } from '../../keys/keyring.ts';
import type { Root } from '../../keys/root.ts';
import {
  delegationOf,
  keyringOf,
  NOW,
  rootOf,
  seedOf,
  signedKeyring,
  signedRoot,
} from '../keys/trust-world.ts';
import type { MadePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { DISCOVERY, discoveryOf, emptyRegistry, type StaticRegistry } from '../world/static-registry.ts';

export const publisher = createPublisher('publisher', seedOf('publisher'));
export const at = (date: Date = NOW) => ({ now: () => date });

export const TRUST = {
  root: '/trust/root.json',
  rootVersion: '/trust/{version}.root.json',
  keyring: '/trust/keyring.json',
};

export interface TrustedRegistry extends StaticRegistry {
  /** Serves a root as the newest and under its version. */
  serveRoot(change: Partial<Root>, ...signers: readonly string[]): Promise<void>;
  serveKeyring(change: Partial<Keyring>, ...signers: readonly string[]): Promise<void>;
  delegate(...changes: readonly Partial<Delegation>[]): Promise<void>;
  /** Takes the trust documents out of the discovery document. */
  hideTrust(): void;
}

const bytesOf = (envelope: Envelope): Uint8Array => Buffer.from(envelopeText(envelope));

export const trustedRegistry = async (...packs: readonly MadePack[]): Promise<TrustedRegistry> => {
  const registry = await emptyRegistry();
  onTestFinished(() => registry.close());
  const serveRoot: TrustedRegistry['serveRoot'] = async (change, ...signers) => {
    const root = rootOf(change);
    const names = signers.length === 0 ? ['root-a', 'root-b'] : signers;
    const bytes = bytesOf(await signedRoot(root, ...names));
    registry.files.set('/trust/root.json', bytes);
    registry.files.set(`/trust/${root.version}.root.json`, bytes);
  };
  const serveKeyring: TrustedRegistry['serveKeyring'] = async (change, first = 'registrar', ...others) => {
    const envelope = await signedKeyring(keyringOf(change), first, ...others);
    registry.files.set('/trust/keyring.json', bytesOf(envelope));
  };
  const keys = [{ publisher }];
  registry.setJson(DISCOVERY, discoveryOf(keys, { trust: TRUST }));
  registry.add(...packs);
  await serveRoot({});
  await serveKeyring({});
  return {
    ...registry,
    serveRoot,
    serveKeyring,
    delegate: (...changes) =>
      serveKeyring({ delegations: changes.map((change) => delegationOf('publisher', change)) }),
    hideTrust: () => registry.setJson(DISCOVERY, discoveryOf(keys)),
  };
};
