// Makes a lockfile: a set is chosen, every pack of it verified, and only what was verified is written down.
import type { PassedOver } from '../policy/choose.ts';
import type { Sources } from '../policy/open-sources.ts';
import type { OpenRegistry } from '../registry.ts';
import { parseRequest } from '../request.ts';
import { type Gathered, gather } from '../resolve/gather.ts';
import type { Wish } from '../resolve/types.ts';
import { YOU } from '../resolve/wishes.ts';
import type { VerifyPolicy } from '../verify.ts';
import type { Companion, LockedLog } from './companion.ts';
import { continuing, lockedLogOf } from './continuity.ts';
import { type PastState, pastState } from './history.ts';
import { type Lockfile, lockfileText } from './lockfile.ts';
import type { Moment } from './names.ts';
import { explainedBy } from './refused-lock.ts';
import { type LockedVerdict, lockedPackOf, type VerifiedPack, verifySet } from './verify-set.ts';

export interface LockOptions {
  readonly sources: Sources;
  readonly policy?: VerifyPolicy | undefined;
  /** `NAME@RANGE`. */
  readonly wishes: readonly string[];
  /** Name to the version that counts instead of every range. */
  readonly overrides?: Readonly<Record<string, string>> | undefined;
  /** What is there already. */
  readonly before?: { readonly lock: Lockfile; readonly companion: Companion | undefined } | undefined;
  /** Chooses as of then; yanked versions that were not yanked then are taken with a warning. */
  readonly at?: Moment | undefined;
  readonly now: Date;
  readonly onVerifying?: ((name: string, version: string) => void) | undefined;
}

export interface MadeLock {
  readonly lock: Lockfile;
  readonly companion: Companion;
  /** By name, sorted. */
  readonly packs: readonly LockedVerdict[];
  /** Higher versions that were not chosen although the ranges admit them, by name; no entry is empty. */
  readonly passed: ReadonlyMap<string, readonly PassedOver[]>;
}

export const rootWishes = (wishes: readonly string[]): readonly Wish[] =>
  wishes.map(parseRequest).map(({ name, range }) => ({ name, range, by: YOU }));

/** Each registry's past, read once. */
const pastBy = (moment: Moment) => {
  const read = new Map<OpenRegistry, Promise<PastState>>();
  return {
    of: (registry: OpenRegistry): Promise<PastState> => {
      const state = read.get(registry) ?? pastState(registry, moment);
      read.set(registry, state);
      return state;
    },
  };
};

type Past = ReturnType<typeof pastBy> | undefined;

/**
 * The time of the newest pack in it, so that the same set gives the same bytes (node-packs.md, Resolver determinism). Where
 * a registry tells no times, that of the lockfile before, as long as it had the same packs.
 */
const generatedAt = (found: readonly VerifiedPack[], lock: Lockfile, options: LockOptions): string => {
  const times = found.map(
    ({ verdict, candidate }) => verdict.recorded?.at.toISOString() ?? candidate.publishedAt,
  );
  const known = times.filter((time) => time !== undefined).sort();
  const newest = known.at(-1);
  if (newest !== undefined && known.length === times.length) return newest;
  const before = options.before?.lock;
  const again = before && lockfileText({ ...lock, generatedAt: before.generatedAt });
  return before !== undefined && again === lockfileText(before)
    ? before.generatedAt
    : options.now.toISOString();
};

const lockOf = (found: readonly VerifiedPack[], sources: Sources, options: LockOptions): Lockfile => {
  const { overrides, before } = options;
  const versions = new Map(found.map(({ candidate }) => [candidate.name, candidate.version]));
  const bases = new Set(found.flatMap(({ candidate }) => sources.basesFor(candidate.name)));
  const [registry, ...fallbackRegistries] = bases;
  const lock: Lockfile = {
    generatedAt: '',
    ...(registry && { registry }),
    ...(overrides && Object.keys(overrides).length > 0 && { overrides }),
    ...(fallbackRegistries.length > 0 && { fallbackRegistries }),
    packs: found.map((pack) => lockedPackOf(pack, versions)),
    others: before?.lock.others ?? {},
  };
  return { ...lock, generatedAt: generatedAt(found, lock, options) };
};

const logOf = async (registry: OpenRegistry, past: Past): Promise<readonly LockedLog[]> => {
  const log = lockedLogOf(registry);
  if (log === undefined) return [];
  const state = await past?.of(registry);
  return [{ ...log, ...(state && { asOf: { size: state.size, root: state.root } }) }];
};

const companionOf = async (
  found: readonly VerifiedPack[],
  { packs }: Gathered,
  roots: readonly Wish[],
  past: Past,
): Promise<Companion> => {
  const registries = [...new Set(found.map(({ registry }) => registry))];
  const logs = await Promise.all(registries.map((registry) => logOf(registry, past)));
  return {
    wishes: roots.map(({ name, range }) => `${name}@${range}`),
    logs: logs.flat(),
    registries: Object.fromEntries(packs.map(({ name, registry }) => [name, registry])),
  };
};

/** @throws Refusal as `gather` and `verifyWanted`; of `checkpoint` where a log does not go on from the lockfile before */
export const makeLock = async (options: LockOptions): Promise<MadeLock> => {
  const { before, at, policy, overrides, onVerifying } = options;
  const roots = rootWishes(options.wishes);
  const sources = continuing(options.sources, before?.companion?.logs ?? []);
  const past = at && pastBy(at);
  const listAt =
    past && (async (registry: OpenRegistry, name: string) => (await past.of(registry)).list(name));
  const gathered = await gather({ sources, policy, overrides, listAt }, roots).catch((error: unknown) => {
    throw explainedBy(error, options);
  });
  const found = await verifySet({ sources, policy, past: at !== undefined, onVerifying }, roots, gathered);
  return {
    lock: lockOf(found, sources, options),
    companion: await companionOf(found, gathered, roots, past),
    packs: found.map(({ verdict }) => verdict),
    passed: new Map([...gathered.passed].filter(([, passed]) => passed.length > 0)),
  };
};
