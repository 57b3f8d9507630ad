// Whom a lockfile has its packs from, and who is asked in their place: never silently, though the bytes decide. Pure.
import { lockedBases } from '../client/lock/frozen.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { SourcesOf } from '../client/policy/open-sources.ts';
import { counted } from './count.ts';
import type { LockOnDisk } from './lock-files.ts';

/** `packs`: how many of the lockfile are meant. */
export interface AskedInstead {
  readonly lockfile: string;
  readonly asked: string;
  readonly packs: number;
}

/** `names`: of what is wanted of it; default: all. Where the lockfile does not say where a pack is from, nobody is asked in anybody's place. */
export const askedInstead = (
  { lock, companion }: Pick<LockOnDisk, 'lock' | 'companion'>,
  sourcesOf: SourcesOf,
  names: readonly string[] = lock.packs.map(({ name }) => name),
): readonly AskedInstead[] => {
  const found = new Map<string, AskedInstead>();
  for (const name of names) {
    const locked = lockedBases(lock, companion, name);
    const [first] = sourcesOf(name);
    const asked = first && registryBase(first.url);
    const [lockfile] = locked;
    if (asked === undefined || lockfile === undefined || locked.includes(asked)) continue;
    const key = `${lockfile} ${asked}`;
    found.set(key, { lockfile, asked, packs: (found.get(key)?.packs ?? 0) + 1 });
  }
  return [...found.values()];
};

export const insteadLine = ({ lockfile, asked, packs }: AskedInstead): string =>
  `The lockfile has ${counted(packs, 'pack')} from ${lockfile}, and ${asked} is asked for them first: only the bytes that the lockfile names are taken.`;

export const insteadJson = (instead: readonly AskedInstead[]) =>
  instead.length === 0 ? {} : { askedInstead: instead };
