// What is locked, what would be locked today, what the newest is, and what keeps it from being chosen.

import { latestOf } from '../../protocol/semver-range.ts';
import type { Sources } from '../policy/open-sources.ts';
import { type Gathered, gather } from '../resolve/gather.ts';
import { wishesIn } from '../resolve/passed-over.ts';
import type { Listed, Wish } from '../resolve/types.ts';
import { readRanges, YOU } from '../resolve/wishes.ts';
import type { VerifyPolicy } from '../verify.ts';
import type { Companion } from './companion.ts';
import { continuing } from './continuity.ts';
import type { LockedPack, Lockfile } from './lockfile.ts';
import { rootWishes } from './make-lock.ts';

export interface OutdatedPack {
  readonly name: string;
  /** Null where today's set needs it and the lockfile does not have it. */
  readonly locked: string | null;
  /** Null where today's set does not need it any more. */
  readonly wanted: string | null;
  readonly latest: string | null;
  readonly why: readonly string[];
}

export interface OutdatedOptions {
  readonly sources: Sources;
  readonly policy?: VerifyPolicy | undefined;
  readonly lock: Lockfile;
  readonly companion: Companion | undefined;
}

/** Where nobody wrote down what was asked for, whatever no other pack of the lockfile needs was. */
export const wishesOfLock = ({ packs }: Lockfile, companion: Companion | undefined): readonly string[] => {
  if (companion !== undefined && companion.wishes.length > 0) return companion.wishes;
  const needed = new Set(packs.flatMap(({ dependencies = {} }) => Object.keys(dependencies)));
  const roots = packs.filter(({ name }) => !needed.has(name));
  return (roots.length > 0 ? roots : packs).map(({ name }) => `${name}@*`);
};

const sentenceOf = ({ by, range }: Wish): string =>
  by === YOU ? `you ask for ${range}` : `${by} asks for ${range}`;

/** Why the newest is not the one that is wanted. */
const heldBack = (
  { passed, packs }: Gathered,
  name: string,
  latest: string,
  wishes: readonly Wish[],
  overrides: Lockfile['overrides'],
): readonly string[] => {
  if (packs.find((pack) => pack.name === name)?.version === latest) return [];
  const override = overrides?.[name];
  if (override !== undefined) return [`the override asks for ${override}`];
  const admits = readRanges();
  const unmet = wishes.filter(({ range }) => !admits(range, latest)).map(sentenceOf);
  const denied = (passed.get(name) ?? []).filter(({ version }) => version === latest);
  const reasons = [...unmet, ...denied.map(({ rule, message }) => `${rule}: ${message}`)];
  return reasons.length > 0 ? reasons : ['with it, something else that is asked for could not be met'];
};

const standingOf = (locked: LockedPack | undefined, listed: readonly Listed[]): readonly string[] => {
  const row = listed.find(({ version }) => version === locked?.version);
  if (locked === undefined) return [];
  if (row === undefined) return ['the locked version is not listed any more'];
  return [
    ...(row.yanked ? ['the locked version was yanked'] : []),
    ...(row.deprecated ? ['the locked version is deprecated'] : []),
  ];
};

/**
 * One row for each pack that is locked or would be, sorted by name; nothing is verified and nothing changed.
 * @throws Refusal as `gather`; of `checkpoint` where a log does not go on from the lockfile
 */
export const findOutdated = async (options: OutdatedOptions): Promise<readonly OutdatedPack[]> => {
  const { lock, companion, policy } = options;
  const sources = continuing(options.sources, companion?.logs ?? []);
  // A pin alone needs no list, and here the newest of each is asked about.
  const roots = rootWishes(wishesOfLock(lock, companion));
  const gathered = await gather({ sources, policy, overrides: lock.overrides, listAll: true }, roots);
  const wishes = wishesIn(roots, gathered.packs);
  const wanted = new Map(gathered.packs.map(({ name, version }) => [name, version]));
  const locked = new Map(lock.packs.map((pack) => [pack.name, pack]));
  const names = [...new Set([...wanted.keys(), ...locked.keys()])].sort();
  return names.map((name) => {
    const listed = gathered.listed.get(name) ?? [];
    const latest = latestOf(listed) ?? null;
    const held =
      wanted.has(name) && latest !== null
        ? heldBack(gathered, name, latest, wishes.get(name) ?? [], lock.overrides)
        : [];
    const standing = wanted.has(name) ? standingOf(locked.get(name), listed) : ['nothing needs it any more'];
    return {
      name,
      locked: locked.get(name)?.version ?? null,
      wanted: wanted.get(name) ?? null,
      latest,
      why: [...standing, ...held],
    };
  });
};
