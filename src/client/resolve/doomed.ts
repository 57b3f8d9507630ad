// Pure. Versions that can be in no set, since something that they need is nowhere: found once, and not by trying.
import { listingOf } from './listing.ts';
import type { Candidate, Known, Listed, Problem, Wish } from './types.ts';
import { type Admits, isPin, versionKey, wishesOf, YOU } from './wishes.ts';

/** The need that nothing meets; undefined for versions that may still be chosen. */
export type Doomed = (name: string, version: string) => Wish | undefined;

export interface DoomedQuestion {
  readonly known: Known;
  readonly problem: Problem;
  readonly admits: Admits;
  /** Whether a yanked version may be chosen because somebody asks for that very one. */
  readonly isAsked: (name: string, version: string) => boolean;
}

/** All who need the same of the same pack, and how many versions would meet that. */
interface Group {
  alive: number;
  readonly needing: (readonly [key: string, wish: Wish])[];
}

const NONE: readonly Listed[] = [];

const isDead = ({ known, problem, isAsked }: DoomedQuestion, name: string, version: string): boolean => {
  const key = versionKey(name, version);
  const candidate = known.candidates.get(key);
  if (candidate === undefined && known.candidates.has(key)) return true;
  const yanked = listingOf(known.listed.get(name) ?? NONE).byVersion.get(version)?.yanked === true;
  if (yanked && !isAsked(name, version)) return true;
  const named = problem.wishes.some(
    (wish) => wish.by === YOU && wish.name === name && wish.range === version,
  );
  return candidate !== undefined && !named && problem.admit?.(candidate) !== undefined;
};

/** Undefined where it is not known yet which versions there are. */
const versionsFor = (the: DoomedQuestion, { name, range }: Wish): readonly string[] | undefined => {
  const overrides = the.problem.overrides ?? {};
  const counts = Object.hasOwn(overrides, name) ? (overrides[name] ?? range) : range;
  const listed = the.known.listed.get(name)?.map(({ version }) => version);
  if (listed === undefined) return isPin(counts) ? [counts] : undefined;
  return listed.filter((version) => the.admits(counts, version)).sort();
};

export const doomedIn = (the: DoomedQuestion): Doomed => {
  const groups = new Map<string, Group>();
  const memberships = new Map<string, Group[]>();
  const doomed = new Map<string, Wish>();

  const groupOf = (wish: Wish): Group | undefined => {
    const id = JSON.stringify([wish.name, wish.range]);
    const before = groups.get(id);
    const versions = before === undefined ? versionsFor(the, wish) : [];
    if (before !== undefined || versions === undefined) return before;
    const living = versions.filter((version) => !isDead(the, wish.name, version));
    const group: Group = { alive: living.length, needing: [] };
    groups.set(id, group);
    for (const version of living) {
      const key = versionKey(wish.name, version);
      const groupsOf = memberships.get(key);
      if (groupsOf === undefined) memberships.set(key, [group]);
      else groupsOf.push(group);
    }
    return group;
  };

  const note = (candidate: Candidate): void => {
    const key = versionKey(candidate.name, candidate.version);
    for (const wish of wishesOf(candidate.dependencies, key)) groupOf(wish)?.needing.push([key, wish]);
  };

  // In one order, so that of several needs it is always the same one that is named.
  for (const [, candidate] of [...the.known.candidates].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (candidate !== undefined) note(candidate);
  const empty = [...groups.values()].filter(({ alive }) => alive === 0);
  for (let group = empty.pop(); group !== undefined; group = empty.pop())
    for (const [key, wish] of group.needing) {
      if (doomed.has(key)) continue;
      doomed.set(key, wish);
      for (const other of memberships.get(key) ?? []) {
        other.alive -= 1;
        if (other.alive === 0) empty.push(other);
      }
    }
  return (name, version) => doomed.get(versionKey(name, version));
};
