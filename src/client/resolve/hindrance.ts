// Pure. Why a version that everybody admits was not chosen: it leads back to itself, or its needs do not fit with the rest.
import { clipped } from '../../protocol/manifest/read.ts';
import { circleThrough } from './cycle.ts';
import { meets, type OptionsDeps } from './options.ts';
import type { Candidate, Wish } from './types.ts';
import { versionKey, wishesOf } from './wishes.ts';

type Chosen = ReadonlyMap<string, Candidate>;

const SHOWN = 6;

const circleSays = (circle: readonly string[]): string => {
  if (circle.length === 1) return 'it needs itself';
  const way = [...circle.slice(0, SHOWN), ...(circle.length > SHOWN ? ['…'] : []), circle[0] ?? ''];
  return `it closes a circle: ${way.map((name) => clipped(name)).join(' → ')}`;
};

const needSays = ({ name, range }: Wish): string => `it needs ${clipped(name)}@${clipped(range)}`;

/** Of a pack that was never listed, only the version that is named was asked about. */
const isThere = ({ known, admits }: OptionsDeps, { name, range }: Wish): boolean => {
  const listed = known.listed.get(name);
  if (listed === undefined) return known.candidates.get(versionKey(name, range)) !== undefined;
  return listed.some(({ version, yanked }) => (!yanked || range === version) && admits(range, version));
};

/** One sentence without its full stop. `chosen`: by name. */
export const hindranceOf = (the: OptionsDeps, candidate: Candidate, chosen: Chosen): string => {
  const { name, version, dependencies } = candidate;
  const inPlace = new Map(chosen).set(name, candidate);
  const circle = circleThrough(name, (each) => Object.keys(inPlace.get(each)?.dependencies ?? {}));
  if (circle !== undefined) return circleSays(circle);
  const needs = wishesOf(dependencies, versionKey(name, version));
  const nowhere = needs.find((need) => !isThere(the, need));
  if (nowhere !== undefined) return `${needSays(nowhere)}, and there is none`;
  for (const need of needs) {
    const other = inPlace.get(need.name);
    if (other !== undefined && !meets(the, need, other.version))
      return `${needSays(need)}, and ${other.version} is what the rest admits`;
  }
  const more = needs.find((need) => !inPlace.has(need.name));
  return more === undefined
    ? 'it does not fit with the rest'
    : `${needSays(more)}, which does not fit with the rest`;
};
