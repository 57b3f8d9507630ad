// Installs packs: resolved, verified, unpacked aside, and only when all of them are believed put in their places.
import { readdir, realpath, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LockHeld, withFileLock } from './file-lock.ts';
import { type InstalledPack, loadInstalled, readMarker } from './installed.ts';
import { registryBase } from './network/http-url.ts';
import { type OpenRegistryOptions, openRegistry } from './open-registry.ts';
import {
  discard,
  makePackDirectory,
  placeAll,
  requireReplaceable,
  sweepLeftovers,
  type UnpackedPack,
  unpackBeside,
} from './placing.ts';
import { recheckInstalled } from './recheck.ts';
import { Refusal, refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import { parseRequest } from './request.ts';
import { type PackRequest, resolveRequest, type Wanted } from './resolve.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from './verify.ts';

export interface InstallOptions extends OpenRegistryOptions {
  /** Directory under which each pack gets a directory of its name; made where it is not there. */
  readonly dir: string;
  /** `NAME`, `NAME@VERSION` or `NAME@RANGE`. */
  readonly requests: readonly string[];
  readonly policy?: VerifyPolicy | undefined;
  /**
   * Takes an exact version that is there, whole, without asking the registry: neither policy nor root nor the standing
   * of its key is looked at. What is not there is asked for all the same.
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
  /** Absent where no tarball was fetched. */
  readonly verified?: Verified;
}

const LOCK = '.attestry-lock';
const LOCK_WAIT_MS = 30_000;

interface Work {
  readonly dir: string;
  readonly options: InstallOptions;
  /** Opened at the first request that needs it. */
  readonly registry: () => Promise<OpenRegistry>;
}

/** A request that needs nothing but to be put in place, or not even that. */
type Prepared =
  | { readonly present: InstalledPack }
  | { readonly verified: Verified; readonly unpacked: UnpackedPack };

/** The pack if that very version is there, whole, from that registry; damage is a reason to install again. */
const wholeInstall = async (work: Work, { name, version }: Wanted): Promise<InstalledPack | undefined> => {
  try {
    const marker = await readMarker(join(work.dir, name));
    if (marker?.version !== version || marker.registry !== registryBase(work.options.url)) return undefined;
    return await loadInstalled(work.dir, name);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
};

const wantedOf = async (work: Work, request: PackRequest): Promise<Wanted> => {
  const { name, exact } = request;
  if (exact !== undefined) return { name, version: exact, asked: 'exact' };
  return resolveRequest(await work.registry(), request, work.options.policy?.tree);
};

const prepare = async (work: Work, request: PackRequest): Promise<Prepared> => {
  await requireReplaceable(work.dir, request.name);
  const wanted = await wantedOf(work, request);
  const { offline, policy, onProgress } = work.options;
  const present = await wholeInstall(work, wanted);
  if (present !== undefined && offline === true) return { present };
  const registry = await work.registry();
  onProgress?.({ doing: 'verifying', name: wanted.name, version: wanted.version });
  if (present !== undefined && (await recheckInstalled({ registry, policy }, wanted, present)))
    return { present };
  const verified = await verifyWanted({ registry, policy }, wanted);
  return { verified, unpacked: await unpackBeside(work.dir, verified, registry.now) };
};

const unpackedOf = (prepared: readonly Prepared[]): readonly UnpackedPack[] =>
  prepared.flatMap((each) => ('unpacked' in each ? [each.unpacked] : []));

/** What was unpacked and not placed is of no use to anybody. */
const discardAll = async (prepared: readonly Prepared[]): Promise<void> => {
  for (const { beside } of unpackedOf(prepared)) await discard(beside);
};

const prepareAll = async (work: Work, requests: readonly PackRequest[]): Promise<readonly Prepared[]> => {
  const prepared: Prepared[] = [];
  try {
    for (const request of requests) prepared.push(await prepare(work, request));
    return prepared;
  } catch (error) {
    await discardAll(prepared);
    throw error;
  }
};

const resultOf = (work: Work, prepared: Prepared): InstalledVersion => {
  if ('present' in prepared) {
    const { marker, path } = prepared.present;
    const { name, version, integrity } = marker;
    return { name, version, integrity, path, installed: false };
  }
  const { verified } = prepared;
  const { name, version, integrity } = verified;
  return { name, version, integrity, path: join(work.dir, name), installed: true, verified };
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

const openOnce = (options: InstallOptions): (() => Promise<OpenRegistry>) => {
  let opened: Promise<OpenRegistry> | undefined;
  return () => {
    if (opened !== undefined) return opened;
    options.onProgress?.({ doing: 'asking', registry: registryBase(options.url) });
    opened = openRegistry(options);
    return opened;
  };
};

const lockRefusal = (error: unknown, dir: string): unknown =>
  error instanceof LockHeld
    ? refusal('installed', 'install_locked', { lock: join(dir, LOCK), holder: error.holder })
    : error;

/**
 * Installs every requested pack or none: each is verified and unpacked aside first, then all are put in place; where
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
  const work: Work = { dir, options, registry: openOnce(options) };
  const installAll = async (): Promise<readonly InstalledVersion[]> => {
    await sweepLeftovers(dir);
    const prepared = await prepareAll(work, requests);
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
