// Remembers answers that change rarely, until it is told that they may have changed.

export interface Remembered<T> {
  readonly find: (key: string) => Promise<T | undefined>;
  /** What is remembered already; nobody is asked. */
  readonly held: (key: string) => Promise<T | undefined>;
  /** Whatever was found, or is being looked for, is looked for again. */
  readonly forget: () => void;
}

/** When so many are held, all are let go: a bound is needed, an order is not. */
const MOST = 10_000;

/**
 * What was found is kept; what was not is asked for each time, so that nobody waits for what has just come true. An
 * answer kept is at most as old as the news of its change takes to arrive: whoever needs more asks the database again
 * in the statement that commits.
 */
export const remembering = <T>(load: (key: string) => Promise<T | undefined>): Remembered<T> => {
  let known = new Map<string, T>();
  const find = async (key: string): Promise<T | undefined> => {
    const held = known.get(key);
    if (held !== undefined) return held;
    const asked = known;
    const found = await load(key);
    if (found !== undefined && asked === known && known.size < MOST) known.set(key, found);
    if (known.size >= MOST) known = new Map();
    return found;
  };
  return {
    find,
    held: async (key) => known.get(key),
    forget: () => {
      known = new Map();
    },
  };
};
