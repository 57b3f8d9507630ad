// Lists new versions for search in batches: right after they were published, and before the next question is answered.
import { coalesce } from '../../../storage/coalesce.ts';

export interface ListingDeps {
  /** Lists at most so many packs of those that wait for it; how many waited. */
  readonly listWaiting: (most: number) => Promise<number>;
}

export interface Listing {
  /** Tell it the subject of everything that is announced. */
  readonly changed: (subject: string) => void;
  /** What was announced before is found after it; where it cannot be listed, what was found before still is. */
  readonly upToDate: () => Promise<void>;
  /** Lists what was announced, and now and then also what a process that ended had not. */
  readonly chore: { readonly name: string; readonly everyMs: number; readonly run: () => Promise<void> };
}

/** The log seals nothing while a batch is written: this many take a few milliseconds. */
const BATCH = 50;
const EVERY_MS = 100;
const OTHERS_EVERY_MS = 5_000;
const AFTER_FAILURE_MS = 1_000;
const ALL = 'all';

export const openListing = ({ listWaiting }: ListingDeps): Listing => {
  let isDue = true;
  let lookedAt = performance.now();
  let againAt = 0;

  const list = coalesce(async () => {
    if (!isDue || performance.now() < againAt) return;
    isDue = false;
    lookedAt = performance.now();
    try {
      while ((await listWaiting(BATCH)) > 0);
    } catch (error) {
      isDue = true;
      againAt = performance.now() + AFTER_FAILURE_MS;
      throw error;
    }
  });

  return {
    changed: (subject) => {
      if (subject.startsWith('pack:')) isDue = true;
    },
    upToDate: () => list(ALL).catch(() => undefined),
    chore: {
      name: 'list new packs',
      everyMs: EVERY_MS,
      run: async () => {
        if (performance.now() - lookedAt > OTHERS_EVERY_MS) isDue = true;
        if (isDue) await list(ALL);
      },
    },
  };
};
