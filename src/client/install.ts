// Installs packs: resolved, verified, unpacked aside, and only when all of them are believed put in their places.
import { readdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LockHeld, withFileLock } from './file-lock.ts';
import { type Planned, planFromDirectory, planFromRegistries } from './install-plan.ts';
import type { LockedLog } from './lock/companion.ts';
import { continuing } from './lock/continuity.ts';
import { sparingTransport } from './network/sparing-transport.ts';
import type { Transport } from './network/transport.ts';
import { type OpenRegistryOptions, transportOf } from './open-registry.ts';
import { makePackDirectory, placeAll, requireReplaceable, sweepLeftovers } from './placing.ts';
import type { PassedOver } from './policy/choose.ts';
import { openSources, type Sources, type SourcesOf } from './policy/open-sources.ts';
import { requireNameAllowed } from './policy/sources.ts';
import {
  type Damage,
  discardPrepared,
  type InstallProgress,
  type Prepared,
  preparePacks,
  unpackedOf,
} from './prepare-packs.ts';
import { refusal } from './refusal.ts';
import { parseRequest } from './request.ts';
import type { PackRequest } from './resolve.ts';
import type { Verified, VerifyPolicy } from './verify.ts';

export interface InstallOptions extends OpenRegistryOptions {
  /** Directory under which each pack gets a directory of its name; made where it is not there. */
  readonly dir: string;
  /** `NAME`, `NAME@VERSION` or `NAME@RANGE`. */
  readonly requests: readonly string[];
  readonly policy?: VerifyPolicy | undefined;
  /**
   * The registries that may be asked for a name, in order, such as `sourcesFor` finds them; default: the one at `url`
   * for every name.
   */
  readonly sourcesOf?: SourcesOf | undefined;
  /** The very versions and bytes to install, such as a lockfile names them; default: what the registries have today. */
  readonly planned?: readonly Planned[] | undefined;
  /** Heads of logs, such as a lockfile keeps them, that the logs of the registries have to go on from. */
  readonly continues?: readonly LockedLog[] | undefined;
  /**
   * Takes an exact version that is there, whole, without asking the registry: neither root nor the standing of its key is
   * looked at, and of the policy only its `rules`. What is not there is asked for all the same.
   */
  readonly offline?: boolean | undefined;
  /** How long to wait for another install in the same directory; milliseconds. */
  readonly lockWaitMs?: number | undefined;
  /** Told what comes next, for people who wait; what it throws ends the install. */
  readonly onProgress?: ((progress: InstallProgress) => void) | undefined;
}

export type { Damage, InstallProgress } from './prepare-packs.ts';

export interface InstalledVersion {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly path: string;
  /** False: this version was there before, whole, and may stay; its tarball was not fetched. */
  readonly installed: boolean;
  /** What was wrong with its files, where that very version stood there and was put in place anew. */
  readonly repaired?: Damage;
  /** The packs of the set that need it; absent where only who asked does. */
  readonly neededBy?: readonly string[];
  /** Higher versions that the range admits, and the policy or what they need themselves does not. */
  readonly passed?: readonly PassedOver[];
  /** Absent where no tarball was fetched. */
  readonly verified?: Verified;
  /** What has to be said of a version that was there before and may stay. */
  readonly warnings?: readonly string[];
}

const LOCK = '.attestry-lock';
const LOCK_WAIT_MS = 30_000;

interface Work {
  readonly dir: string;
  readonly options: InstallOptions;
  /** Each is opened at the first request that needs it. */
  readonly sources: Sources;
}

/** The packs that were asked for and all that they need, each in one version. */
const plan = async (work: Work, requests: readonly PackRequest[]): Promise<readonly Planned[]> => {
  const { offline, policy, planned } = work.options;
  for (const { name } of requests) {
    requireNameAllowed(policy?.rules ?? [], name);
    await requireReplaceable(work.dir, name);
  }
  if (planned !== undefined) return planned;
  const present = offline === true ? await planFromDirectory(work.dir, requests) : undefined;
  return present ?? planFromRegistries(work.sources, policy, requests);
};

const resultOf = (work: Work, prepared: Prepared): InstalledVersion => {
  const { passed, neededBy } = prepared.planned;
  const more = { ...(passed.length > 0 && { passed }), ...(neededBy.length > 0 && { neededBy }) };
  if ('present' in prepared) {
    const { marker, path } = prepared.present;
    const { name, version, integrity } = marker;
    const { warnings = [] } = prepared;
    const warned = warnings.length > 0 && { warnings };
    return { name, version, integrity, path, installed: false, ...more, ...warned };
  }
  const { verified, damage } = prepared;
  const { name, version, integrity } = verified;
  const repaired = damage !== undefined && { repaired: damage };
  const path = join(work.dir, name);
  return { name, version, integrity, path, installed: true, ...repaired, verified, ...more };
};

const placePrepared = async (work: Work, prepared: readonly Prepared[]): Promise<void> => {
  const unpacked = unpackedOf(prepared);
  if (unpacked.length > 0) work.options.onProgress?.({ doing: 'placing', packs: unpacked.length });
  try {
    await placeAll(work.dir, unpacked);
  } catch (error) {
    await discardPrepared(prepared);
    throw error;
  }
};

const requireOnce = (requests: readonly PackRequest[]): void => {
  const names = requests.map((request) => request.name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw refusal('installed', 'install_target_foreign', { name: twice }, `${twice} is asked for twice.`);
};

/** Takes away the directories that were made for an install that installed nothing. */
const removeIfEmpty = async (dir: string, first: string | undefined): Promise<void> => {
  if (first === undefined) return;
  for (let path = dir; path.length >= first.length; path = dirname(path)) {
    if ((await readdir(path)).length > 0) return;
    await rmdir(path);
  }
};

/** Each registry is asked through one transport, which lives as long as the install. */
const sparing = (sourcesOf: SourcesOf): SourcesOf => {
  const transports = new Map<string, Transport>();
  const transportFor = (source: OpenRegistryOptions): Transport => {
    const transport = transports.get(source.url) ?? sparingTransport(transportOf(source));
    transports.set(source.url, transport);
    return transport;
  };
  return (name) => sourcesOf(name).map((source) => ({ ...source, transport: transportFor(source) }));
};

const sourcesWith = (options: InstallOptions): Sources =>
  openSources({
    sourcesOf: sparing(options.sourcesOf ?? (() => [options])),
    tree: options.policy?.tree,
    onOpen: (registry) => options.onProgress?.({ doing: 'asking', registry }),
  });

const lockRefusal = (error: unknown, dir: string): unknown =>
  error instanceof LockHeld
    ? refusal('installed', 'install_locked', { lock: join(dir, LOCK), holder: error.holder })
    : error;

/**
 * Installs every requested pack and all that those need, or none: each is verified and unpacked aside first, then all are put in place; where
 * one cannot be, the others are taken back. A version that is there, whole, is asked about like any other; only
 * its tarball is not fetched again where the registry still names the same bytes. A crash leaves for each pack the old
 * version or the new one, whole; the next install takes away what is left over.
 * @throws Refusal of the first question that fails; RequestInvalid; TransportError `address_invalid`
 */
export const installPacks = async (options: InstallOptions): Promise<readonly InstalledVersion[]> => {
  const requests = options.requests.map(parseRequest);
  requireOnce(requests);
  const first = await makePackDirectory(resolve(options.dir));
  const dir = await realpath(resolve(options.dir));
  const sources = continuing(sourcesWith(options), options.continues ?? []);
  const work: Work = { dir, options, sources };
  const installAll = async (): Promise<readonly InstalledVersion[]> => {
    await sweepLeftovers(dir);
    const prepared = await preparePacks(work, await plan(work, requests));
    await placePrepared(work, prepared);
    return prepared.map((each) => resultOf(work, each));
  };
  try {
    return await withFileLock(join(dir, LOCK), options.lockWaitMs ?? LOCK_WAIT_MS, installAll);
  } catch (error) {
    // Why the install failed is what counts, not what could not be tidied up after it.
    await removeIfEmpty(resolve(options.dir), first).catch(() => undefined);
    throw lockRefusal(error, dir);
  }
};
