// Answers whether public packs of one tree, and all that they need, run on a host that somebody describes.
import type { CompatReport } from '../../protocol/compat/check.ts';
import { checkCompat } from '../../protocol/compat/check.ts';
import {
  type AskRegistry,
  type GatheredPacks,
  gatherPacks,
  TooManyPacks,
  toolsWithout,
} from '../../protocol/compat/gather.ts';
import type { PackNeeds } from '../../protocol/compat/needs.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import type { PackName, PackVersion } from '../../protocol/pack-id.ts';
import type { Candidate, ReadManifest, VersionName } from '../discover/manifest-store.ts';
import type { Provider } from '../provided-store.ts';
import type { CompatRequest } from './request.ts';

export interface CompatDeps {
  /** Milliseconds that only ever go on. */
  readonly now: () => number;
  readonly manifestsOf: (tree: Tree, wanted: readonly VersionName[]) => Promise<readonly ReadManifest[]>;
  readonly versionsOfAll: (tree: Tree, names: readonly string[]) => Promise<readonly Candidate[]>;
  readonly providersOf: (tree: Tree, ids: readonly string[]) => Promise<readonly Provider[]>;
}

/** Ids that the index is asked about; whose provider is not looked up is unmet all the same. */
const MAX_OFFERS = 500;

const MAX_MS = 2_000;

/** @returns what throws once the time for one question is over */
const inTime = (the: CompatDeps) => {
  const until = the.now() + MAX_MS;
  return (): void => {
    if (the.now() < until) return;
    throw fault(
      'validation_error',
      { mostMs: MAX_MS },
      'These packs take too long: ask about fewer at once.',
    );
  };
};

const asking = (the: CompatDeps, tree: Tree, requireTime: () => void): AskRegistry => ({
  requireTime,
  versionsOf: async (names) => {
    requireTime();
    return (await the.versionsOfAll(tree, names)).map((each) => ({ ...each, tree }));
  },
  manifestsOf: async (wanted) => {
    requireTime();
    const names = wanted.map(({ name, version }) => ({
      name: name as PackName,
      version: version as PackVersion,
    }));
    return (await the.manifestsOf(tree, names)).map((each) => ({ ...each, tree }));
  },
});

const offersOf = async (
  the: CompatDeps,
  tree: Tree,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const asked = ids.slice(0, MAX_OFFERS);
  const found = asked.length === 0 ? [] : await the.providersOf(tree, asked);
  return new Map(found.filter(({ yanked }) => !yanked).map(({ id, name }) => [id, name]));
};

const needsIn = ({ packs }: GatheredPacks): readonly PackNeeds[] => packs.map(({ needs }) => needs);

/** @throws Fault validation_error where the packs lead to too many others, or take too long */
export const compatOf =
  (the: CompatDeps) =>
  async (tree: Tree, { packs, installed, host }: CompatRequest): Promise<CompatReport> => {
    const ask = asking(the, tree, inTime(the));
    try {
      const wanted = await gatherPacks(ask, packs);
      const standing = await gatherPacks(ask, installed, { follow: false });
      const has = needsIn(standing);
      const offers = await offersOf(the, tree, toolsWithout(needsIn(wanted), has));
      const unknown = standing.absent.map(({ name, range }) => `${name}@${range}`);
      return checkCompat({ ...wanted, installed: has, unknown, offers }, host);
    } catch (error) {
      if (error instanceof TooManyPacks) throw fault('validation_error', { most: error.most }, error.message);
      throw error;
    }
  };
