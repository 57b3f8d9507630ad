// Wires the keychains of packs: how they are read, how a key follows another, and what becomes of a stolen one.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { PackName } from '../../protocol/pack-id.ts';
import { type CompromiseDeps, compromiseKey } from './compromise.ts';
import { lastUseOfKey } from './keychain-store.ts';
import { type ReadKeychainDeps, readKeychain } from './read-keychain.ts';
import { rotateInPack } from './rotate.ts';
import { addKeychainRoutes } from './routes.ts';

export interface KeychainDeps extends CompromiseDeps, ReadKeychainDeps {
  /** @throws Fault pack_not_found for a private pack that whoever asks may not see */
  readonly requireVisible: (ctx: Context, name: PackName) => Promise<void>;
}

export const openKeychain = (the: KeychainDeps) => ({
  addRoutes: (router: Router): void =>
    addKeychainRoutes(router, {
      now: the.now,
      requireVisible: the.requireVisible,
      readKeychain: readKeychain(the),
      rotate: rotateInPack({ ...the, lastUseOfKey }),
      compromise: compromiseKey(the),
    }),
});
