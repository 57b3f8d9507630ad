// Pure. Which higher versions a policy kept from being chosen.
import { compareVersions } from '../../protocol/semver-range.ts';
import type { PassedOver } from '../policy/choose.ts';
import { effortOf } from './effort.ts';
import { triedOf } from './options.ts';
import type { Candidate, Known, Problem, Wish } from './types.ts';
import { unmetBy } from './unmet.ts';
import { readRanges, versionKey, wishesOf } from './wishes.ts';

/** All that is asked of each name once everything is chosen. */
export const wishesIn = (
  roots: readonly Wish[],
  packs: readonly Candidate[],
): ReadonlyMap<string, readonly Wish[]> => {
  const all = [
    ...roots,
    ...packs.flatMap(({ name, version, dependencies }) => wishesOf(dependencies, versionKey(name, version))),
  ];
  const byName = new Map<string, readonly Wish[]>();
  for (const wish of all) byName.set(wish.name, [...(byName.get(wish.name) ?? []), wish]);
  return byName;
};

export const passedOverIn = (
  problem: Problem,
  known: Known,
  packs: readonly Candidate[],
): ReadonlyMap<string, readonly PassedOver[]> => {
  const wishes = wishesIn(problem.wishes, packs);
  const admits = readRanges();
  const the = {
    problem,
    known,
    admits,
    unmet: unmetBy(admits),
    asked: () => new Set<string>(),
    doomed: () => undefined,
    effort: effortOf(Number.POSITIVE_INFINITY),
  };
  return new Map(
    packs.map(({ name, version }) => {
      const tried = triedOf(the, name, wishes.get(name) ?? []);
      const passed = tried.flatMap(({ version: higher, denial }) =>
        denial !== undefined && compareVersions(higher, version) > 0 ? [{ version: higher, ...denial }] : [],
      );
      return [name, passed];
    }),
  );
};
