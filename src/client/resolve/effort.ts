// Pure. How much work a search may be: whoever publishes packs can make graphs with more ways than anybody could try.

/** Looks at one version each: some seconds of work, and a thousand times what the largest sets need that people make. */
export const MOST_EFFORT = 10_000_000;

/** The work that was allowed is done, and there is no answer yet. */
export class EffortSpent extends Error {
  override readonly name = 'EffortSpent';
  readonly most: number;

  constructor(most: number) {
    super(`${most} versions were looked at`);
    this.most = most;
  }
}

export interface Effort {
  /** @throws EffortSpent */
  readonly spend: (looks: number) => void;
}

/** Counted and not timed, so that the same problem has the same answer on every machine. */
export const effortOf = (most: number = MOST_EFFORT): Effort => {
  let spent = 0;
  return {
    spend: (looks) => {
      spent += looks;
      if (spent > most) throw new EffortSpent(most);
    },
  };
};
