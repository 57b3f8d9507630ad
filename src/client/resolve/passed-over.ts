// Pure. Which higher versions a policy, or what they need themselves, kept from being chosen.
import { compareVersions } from '../../protocol/semver-range.ts';
import type { PassedOver } from '../policy/choose.ts';
import { effortOf } from './effort.ts';
import { hindranceOf } from './hindrance.ts';
import { type OptionsDeps, optionsOf, triedOf } from './options.ts';
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

/** So many are worth a word; more say nothing more. */
const MOST_HINDERED = 20;

type Chosen = ReadonlyMap<string, Candidate>;

const deniedAbove = (the: OptionsDeps, { name, version }: Candidate, asked: readonly Wish[]) =>
  triedOf(the, name, asked).flatMap(({ version: higher, denial }) =>
    denial !== undefined && compareVersions(higher, version) > 0 ? [{ version: higher, ...denial }] : [],
  );

/** Everybody admits them, and still they were not chosen: so it is what they need that does not fit. */
const hinderedAbove = (
  the: OptionsDeps,
  { name, version }: Candidate,
  asked: readonly Wish[],
  chosen: Chosen,
): readonly PassedOver[] => {
  const left = optionsOf(the, name, asked)?.left ?? [];
  const higher = left.filter((option) => !option.owes && compareVersions(option.version, version) > 0);
  return higher.slice(0, MOST_HINDERED).flatMap((option) => {
    const candidate = the.known.candidates.get(versionKey(name, option.version));
    if (candidate === undefined) return [];
    return [{ version: option.version, rule: 'dependencies', message: hindranceOf(the, candidate, chosen) }];
  });
};

/** From the highest down. */
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
  const chosen: Chosen = new Map(packs.map((pack) => [pack.name, pack]));
  return new Map(
    packs.map((pack) => {
      const asked = wishes.get(pack.name) ?? [];
      const passed = [...deniedAbove(the, pack, asked), ...hinderedAbove(the, pack, asked, chosen)];
      return [pack.name, passed.sort((a, b) => compareVersions(b.version, a.version))];
    }),
  );
};
