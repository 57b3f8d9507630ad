// Installs packs: resolved, verified, unpacked aside, and only when all of them are believed put in their places.
import { readdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LockHeld, withFileLock } from './file-lock.ts';
import { type Planned, planFromDirectory, planFromRegistries, requirePlanned } from './install-plan.ts';
import { type InstalledPack, loadInstalled, readMarker } from './installed.ts';
import type { LockedLog } from './lock/companion.ts';
import { continuing } from './lock/continuity.ts';
import type { OpenRegistryOptions } from './open-registry.ts';
import {
  discard,
  makePackDirectory,
  placeAll,
  requireReplaceable,
  sweepLeftovers,
  type UnpackedPack,
  unpackBeside,
} from './placing.ts';
import type { PassedOver } from './policy/choose.ts';
import { openSources, type Sources, type SourcesOf } from './policy/open-sources.ts';
import { requireRecordAdmitted } from './policy/recorded-facts.ts';
import { requireNameAllowed } from './policy/sources.ts';
import { recheckInstalled } from './recheck.ts';
import { Refusal, refusal } from './refusal.ts';
import { parseRequest } from './request.ts';
import type { PackRequest, Wanted } from './resolve.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from './verify.ts';

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

export type InstallProgress =
  | { readonly doing: 'asking'; readonly registry: string }
  | { readonly doing: 'verifying'; readonly name: string; readonly version: string }
  /** All packs at once: `packs` says how many. */
  | { readonly doing: 'placing'; readonly packs: number };

export interface InstalledVersion {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  readonly path: string;
  /** False: this version was there before, whole, and may stay; its tarball was not fetched. */
  readonly installed: boolean;
  /** The packs of the set that need it; absent where only who asked does. */
  readonly neededBy?: readonly string[];
  /** Higher versions that the range admits and the policy does not. */
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

/** A request that needs nothing but to be put in place, or not even that. */
type Prepared = { readonly planned: Planned } & (
  | { readonly present: InstalledPack; readonly warnings?: readonly string[] }
  | { readonly verified: Verified; readonly unpacked: UnpackedPack }
);

/** The pack if that very version is there, whole, from one of those registries; damage is a reason to install again. */
const wholeInstall = async (
  work: Work,
  { name, version }: Wanted,
  bases: readonly string[],
): Promise<InstalledPack | undefined> => {
  try {
    const marker = await readMarker(join(work.dir, name));
    if (marker?.version !== version || !bases.includes(marker.registry)) return undefined;
    return await loadInstalled(work.dir, name);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

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

/** The version that is there already, where nobody need be asked about it. @throws Refusal `policy_refused` */
const presentOffline = async (work: Work, wanted: Wanted): Promise<InstalledPack | undefined> => {
  const { offline, policy, now = () => new Date() } = work.options;
  if (offline !== true) return undefined;
  const present = await wholeInstall(work, wanted, work.sources.basesFor(wanted.name));
  if (present !== undefined) requireRecordAdmitted(policy?.rules ?? [], present, now());
  return present;
};

const prepare = async (work: Work, planned: Planned): Promise<Prepared> => {
  const { policy, onProgress } = work.options;
  const { wanted } = planned;
  requireNameAllowed(policy?.rules ?? [], wanted.name);
  await requireReplaceable(work.dir, wanted.name);
  const offline = await presentOffline(work, wanted);
  if (offline !== undefined) requirePlanned(planned, offline.marker.integrity, offline);
  if (offline !== undefined) return { present: offline, planned };
  const registry = await work.sources.registryFor(wanted.name);
  onProgress?.({ doing: 'verifying', name: wanted.name, version: wanted.version });
  const present = await wholeInstall(work, wanted, [registry.reader.base]);
  const warnings = present && (await recheckInstalled({ registry, policy }, wanted, present));
  if (present !== undefined && warnings !== undefined) {
    requirePlanned(planned, present.marker.integrity, present);
    return { present, planned, warnings };
  }
  const verified = await verifyWanted({ registry, policy }, wanted);
  requirePlanned(planned, verified.integrity, verified);
  return { verified, unpacked: await unpackBeside(work.dir, verified, registry.now), planned };
};

const unpackedOf = (prepared: readonly Prepared[]): readonly UnpackedPack[] =>
  prepared.flatMap((each) => ('unpacked' in each ? [each.unpacked] : []));

/** What was unpacked and not placed is of no use to anybody. */
const discardAll = async (prepared: readonly Prepared[]): Promise<void> => {
  for (const { beside } of unpackedOf(prepared)) await discard(beside);
};

const prepareAll = async (work: Work, planned: readonly Planned[]): Promise<readonly Prepared[]> => {
  const prepared: Prepared[] = [];
  try {
    for (const each of planned) prepared.push(await prepare(work, each));
    return prepared;
  } catch (error) {
    await discardAll(prepared);
    throw error;
  }
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
  const { verified } = prepared;
  const { name, version, integrity } = verified;
  return { name, version, integrity, path: join(work.dir, name), installed: true, verified, ...more };
};

const placePrepared = async (work: Work, prepared: readonly Prepared[]): Promise<void> => {
  const unpacked = unpackedOf(prepared);
  if (unpacked.length > 0) work.options.onProgress?.({ doing: 'placing', packs: unpacked.length });
  try {
    await placeAll(work.dir, unpacked);
  } catch (error) {
    await discardAll(prepared);
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

const sourcesWith = (options: InstallOptions): Sources =>
  openSources({
    sourcesOf: options.sourcesOf ?? (() => [options]),
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
    const prepared = await prepareAll(work, await plan(work, requests));
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
