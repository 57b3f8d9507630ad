// Fetches the list of advisories of a registry, once for each look at it.
import { Refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { advisoriesIn } from './advisories.ts';
import type { AdvisoryList } from './facts.ts';

const PATH = '/security/advisories.json';
const MAX_LIST_BYTES = 16 * 1024 * 1024;

const fetched = new WeakMap<OpenRegistry, Promise<AdvisoryList>>();

/** What cannot be had is for the policy to judge. */
const fetchList = async ({ reader }: OpenRegistry): Promise<AdvisoryList> => {
  try {
    const feed = await reader.document('policy', PATH, MAX_LIST_BYTES);
    if (feed === undefined) return { had: false, why: 'its registry serves no list of them' };
    return advisoriesIn(feed);
  } catch (error) {
    if (error instanceof Refusal) return { had: false, why: `their list cannot be had (${error.code})` };
    throw error;
  }
};

/** As fresh as the look itself. */
export const advisoriesOf = (registry: OpenRegistry): Promise<AdvisoryList> => {
  const known = fetched.get(registry) ?? fetchList(registry);
  fetched.set(registry, known);
  return known;
};
