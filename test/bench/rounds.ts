// Runs contenders in turns, so that whatever else the machine does falls on all of them alike.

export interface Contender {
  readonly name: string;
  /** Does its work once and returns how many it did in a second. */
  readonly run: () => Promise<number>;
}

export interface Standing {
  readonly name: string;
  /** Median of the rounds, per second. */
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

/** One round to warm up, which does not count, then `rounds` in turns. */
export const inTurns = async (
  contenders: readonly Contender[],
  rounds: number,
): Promise<readonly Standing[]> => {
  const rates = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, run } of contenders) {
      const rate = await run();
      if (round > 0) rates.get(name)?.push(rate);
    }
  }
  return [...rates].map(([name, values]) => ({
    name,
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
  }));
};

/** A contender beside the ceiling it is held against. */
export interface Comparison {
  readonly what: string;
  readonly ours: Standing;
  readonly ceiling: Standing;
  readonly ratio: number;
  /** What the ratio must reach at least. */
  readonly floor?: number;
}

export const compare = (
  what: string,
  ours: Standing | undefined,
  ceiling: Standing | undefined,
  floor?: number,
): Comparison => {
  if (ours === undefined || ceiling === undefined) throw new Error('two contenders are needed');
  return {
    what,
    ours,
    ceiling,
    ratio: ours.median / ceiling.median,
    ...(floor === undefined ? {} : { floor }),
  };
};
