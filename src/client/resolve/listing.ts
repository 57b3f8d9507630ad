// Pure. The versions that a pack was listed with, sorted and found by number once however often they are asked about.
import { compareVersions } from '../../protocol/semver-range.ts';
import type { Listed } from './types.ts';

export interface Listing {
  readonly newestFirst: readonly Listed[];
  readonly byVersion: ReadonlyMap<string, Listed>;
}

const made = new WeakMap<readonly Listed[], Listing>();

const makeListing = (listed: readonly Listed[]): Listing => ({
  newestFirst: [...listed].sort((a, b) => compareVersions(b.version, a.version)),
  byVersion: new Map(listed.map((each) => [each.version, each])),
});

export const listingOf = (listed: readonly Listed[]): Listing => {
  const listing = made.get(listed) ?? makeListing(listed);
  made.set(listed, listing);
  return listing;
};
