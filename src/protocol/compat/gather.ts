// Follows what packs need of other packs, through whatever it is given to ask a registry with, up to a limit. Pure.
import type { Tree } from '../faults.ts';
import { inParts } from '../lists.ts';
import { nameKey, parsePackName } from '../pack-id.ts';
import { highestSatisfying } from '../semver-range.ts';
import type { AbsentPack, CheckedPack } from './check.ts';
import { isPackTool, toolId } from './check-others.ts';
import { countOf, needsOf, type PackNeeds, type ReadPack } from './needs.ts';

/** One version that a registry lists. */
export interface Listed {
  readonly name: string;
  readonly version: string;
  readonly tree: Tree;
  readonly yanked: boolean;
}

export interface AskRegistry {
  /** Of packs of these names, every version; where one stands in two trees, the better one first. */
  readonly versionsOf: (names: readonly string[]) => Promise<readonly Listed[]>;
  /** Those of them that are there. */
  readonly manifestsOf: (wanted: readonly Listed[]) => Promise<readonly ReadPack[]>;
  /** Asked before each wish is met: a name may have thousands of versions. Throws once there was enough. */
  readonly requireTime?: (() => void) | undefined;
}

export interface Wish {
  readonly name: string;
  readonly range: string;
  /** `name@version`; undefined for what was asked for itself. */
  readonly by: string | undefined;
}

export interface GatheredPacks {
  readonly packs: readonly CheckedPack[];
  readonly absent: readonly AbsentPack[];
}

/** The packs lead to more packs than are looked at. */
export class TooManyPacks extends Error {
  override readonly name = 'TooManyPacks';
  readonly most: number;

  constructor(most: number, things: string) {
    super(`These packs need more than ${most} ${things} together, which are not looked at at once.`);
    this.most = most;
  }
}

export const MAX_GATHERED = 200;
const MAX_WISHES = 2_000;
/** Whatever packs ask for is looked at in one go, while nobody else is answered. */
const MAX_NEEDS = 20_000;
/** Manifests may be large; only what is needed of them stays. */
const AT_ONCE = 16;

interface Member {
  readonly needs: PackNeeds;
  readonly broughtBy: Set<string>;
}

interface Absence extends Omit<AbsentPack, 'broughtBy'> {
  readonly broughtBy: Set<string>;
}

interface Gathering {
  readonly listed: Map<string, readonly Listed[]>;
  readonly members: Map<string, Member>;
  readonly absent: Map<string, Absence>;
  needs: number;
}

const keyOf = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `${nameKey(name)}@${version}`;

const note = (broughtBy: Set<string>, { by }: Wish): void => {
  if (by !== undefined) broughtBy.add(by);
};

/** What is yanked is no answer to a range, but to an exact version it is. */
const choose = (listed: readonly Listed[], range: string): Listed | undefined => {
  const offered = listed.filter(({ yanked, version }) => !yanked || version === range);
  const version = highestSatisfying(
    offered.map((each) => each.version),
    range,
  );
  return offered.find((each) => each.version === version);
};

/** A version that is there already will do, so that two ranges do not lead to two versions without need. */
const standing = ({ members, listed }: Gathering, { name, range }: Wish): Listed | undefined =>
  choose(
    (listed.get(nameKey(name)) ?? []).filter((each) => members.has(keyOf(each))),
    range,
  );

const noteAbsent = ({ absent }: Gathering, wish: Wish, why: Absence['why']): void => {
  const { name, range } = wish;
  const key = `${nameKey(name)}@${range}`;
  const known = absent.get(key) ?? { name, range, why, broughtBy: new Set<string>() };
  absent.set(key, known);
  note(known.broughtBy, wish);
};

const list = async (the: AskRegistry, { listed }: Gathering, wishes: readonly Wish[]): Promise<void> => {
  const names = new Map(wishes.map(({ name }) => [nameKey(name), name]));
  const asked = [...names].filter(([key, name]) => !listed.has(key) && parsePackName(name).ok);
  for (const [key] of names) if (!listed.has(key)) listed.set(key, []);
  if (asked.length === 0) return;
  const found = new Map<string, Listed[]>();
  for (const each of await the.versionsOf(asked.map(([, name]) => name))) {
    const rows = found.get(nameKey(each.name)) ?? [];
    rows.push(each);
    found.set(nameKey(each.name), rows);
  }
  for (const [key, rows] of found) listed.set(key, rows);
};

/** Wishes by the version that meets each; what no version meets is noted. */
const meet = (
  the: AskRegistry,
  gathering: Gathering,
  wishes: readonly Wish[],
): ReadonlyMap<Listed, readonly Wish[]> => {
  const met = new Map<Listed, Wish[]>();
  for (const wish of wishes) {
    the.requireTime?.();
    const listed = gathering.listed.get(nameKey(wish.name)) ?? [];
    const chosen = standing(gathering, wish) ?? choose(listed, wish.range);
    if (chosen !== undefined) met.set(chosen, [...(met.get(chosen) ?? []), wish]);
    else
      noteAbsent(gathering, wish, listed.length === 0 ? 'no pack of that name' : 'no version in that range');
  }
  return met;
};

const join = (gathering: Gathering, needs: PackNeeds): readonly Wish[] => {
  const { members } = gathering;
  if (members.size >= MAX_GATHERED) throw new TooManyPacks(MAX_GATHERED, 'packs');
  gathering.needs += countOf(needs);
  if (gathering.needs > MAX_NEEDS) throw new TooManyPacks(MAX_NEEDS, 'things');
  members.set(keyOf(needs), { needs, broughtBy: new Set() });
  const by = `${needs.name}@${needs.version}`;
  return needs.dependencies.map(([name, range]) => ({ name, range, by }));
};

const fetchNew = async (
  the: AskRegistry,
  gathering: Gathering,
  chosen: readonly Listed[],
): Promise<readonly Wish[]> => {
  const more: Wish[] = [];
  const fresh = chosen.filter((each) => !gathering.members.has(keyOf(each)));
  if (gathering.members.size + fresh.length > MAX_GATHERED) throw new TooManyPacks(MAX_GATHERED, 'packs');
  for (const part of inParts(fresh, AT_ONCE))
    for (const read of await the.manifestsOf(part)) more.push(...join(gathering, needsOf(read)));
  return more;
};

const round = async (
  the: AskRegistry,
  gathering: Gathering,
  wishes: readonly Wish[],
): Promise<readonly Wish[]> => {
  await list(the, gathering, wishes);
  const met = meet(the, gathering, wishes);
  const more = await fetchNew(the, gathering, [...met.keys()]);
  for (const [chosen, each] of met) {
    const member = gathering.members.get(keyOf(chosen));
    for (const wish of each) {
      if (member === undefined) noteAbsent(gathering, wish, 'no version in that range');
      else note(member.broughtBy, wish);
    }
  }
  return more;
};

const sorted = (names: ReadonlySet<string>): readonly string[] => [...names].sort();

/** A circle ends where it comes back: each version is looked at once. @throws TooManyPacks; whatever asking throws */
export const gatherPacks = async (
  the: AskRegistry,
  wishes: readonly Wish[],
  { follow } = { follow: true },
): Promise<GatheredPacks> => {
  const gathering: Gathering = { listed: new Map(), members: new Map(), absent: new Map(), needs: 0 };
  let [open, seen] = [wishes, 0];
  while (open.length > 0) {
    seen += open.length;
    if (seen > MAX_WISHES) throw new TooManyPacks(MAX_GATHERED, 'packs');
    const more = await round(the, gathering, open);
    open = follow ? more : [];
  }
  return {
    packs: [...gathering.members.values()].map(({ needs, broughtBy }) => ({
      needs,
      broughtBy: sorted(broughtBy),
    })),
    absent: [...gathering.absent.values()].map((each) => ({ ...each, broughtBy: sorted(each.broughtBy) })),
  };
};

/** Ids of tools that none of the packs gives, each once. */
export const toolsWithout = (packs: readonly PackNeeds[], given: readonly PackNeeds[]): readonly string[] => {
  const ids = new Set([...packs, ...given].flatMap(({ gives }) => [...gives]));
  const tools = packs.flatMap((each) => each.tools.map(({ id }) => id)).filter(isPackTool);
  return [...new Set(tools.map(toolId))].filter((id) => !ids.has(id));
};
