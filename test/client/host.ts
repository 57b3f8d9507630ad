// A host that installs packs into a directory of its own, and what a refusal leaves there.
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import {
  type InstalledVersion,
  type InstallOptions,
  installPacks,
  memoryTrustStore,
  Refusal,
  type TrustStore,
} from '../../src/client/index.ts';
import type { MemoryTrustStore } from '../../src/client/trust-state.ts';
import type { MadePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { type KeyListing, plainRegistry, type StaticRegistry } from '../world/static-registry.ts';

export type Changes = Partial<Omit<InstallOptions, 'url' | 'requests' | 'dir'>>;

export interface Host {
  /** Where it installs; absent until it does. */
  readonly dir: string;
  readonly store: TrustStore;
  /** What it kept of heads of a log that exclude each other. */
  readonly evidence: MemoryTrustStore['evidence'];
  install(
    registry: StaticRegistry,
    requests: string | readonly string[],
    changes?: Changes,
  ): Promise<readonly InstalledVersion[]>;
  /** The refusal of an install, once it is sure that nothing was left on disk. */
  refusal(registry: StaticRegistry, request: string, changes?: Changes): Promise<Refusal>;
}

export const tempFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-host-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const isThere = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined)) !== undefined;

export const newHost = async (): Promise<Host> => {
  const folder = await tempFolder();
  const dir = join(folder, 'packs');
  const store = memoryTrustStore();
  const install: Host['install'] = (registry, requests, changes = {}) =>
    installPacks({ url: registry.url, dir, store, requests: [requests].flat(), ...changes });
  return {
    dir,
    store,
    evidence: store.evidence,
    install,
    refusal: async (registry, request, changes) => {
      const before = (await isThere(dir)) ? await readdir(dir) : undefined;
      const outcome = await install(registry, request, changes).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(Refusal);
      expect((await isThere(dir)) ? await readdir(dir) : undefined).toEqual(before);
      return outcome as Refusal;
    },
  };
};

export const acme = createPublisher('acme-1', new Uint8Array(32).fill(7));

/** A plain registry that goes with the test. */
export const registryWith = async (
  packs: readonly MadePack[],
  keys: readonly KeyListing[] = [{ publisher: acme }],
): Promise<StaticRegistry> => {
  const registry = await plainRegistry(keys, packs);
  onTestFinished(() => registry.close());
  return registry;
};

export const TOOLS = 'vendor.acme.tools@1.0.0';
