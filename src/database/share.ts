// Lets calls that come close together share one statement: each gets its own answer, and its own error.
import postgres from 'postgres';

interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface SharedStatement<Asked, Answer> {
  /** Does all or nothing; as many answers, in the same order. */
  readonly run: (all: readonly Asked[]) => Promise<readonly Answer[]>;
  /** What one adds to a statement. */
  readonly weigh: (asked: Asked) => number;
  /** What a statement holds at most, unless one alone is heavier. */
  readonly most: number;
}

/** While one statement waits for the disk, the next gathers and runs. */
const AT_ONCE = 2;

/** The server undid the whole statement, and answers the next one. */
export const isUndone = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.severity === 'ERROR';

/** What is refused to many may be the fault of one, so each is tried again alone. */
export const sharing = <Asked, Answer>(
  the: SharedStatement<Asked, Answer>,
): ((asked: Asked) => Promise<Answer>) => {
  const waiting: Waiting<Asked, Answer>[] = [];
  let running = 0;
  let called = false;

  const nextAll = (): readonly Waiting<Asked, Answer>[] => {
    let weight = 0;
    const end = waiting.findIndex(({ asked }) => {
      weight += the.weigh(asked);
      return weight > the.most;
    });
    return waiting.splice(0, end < 0 ? waiting.length : Math.max(end, 1));
  };

  const settle = async (all: readonly Waiting<Asked, Answer>[]): Promise<void> => {
    try {
      const answers = await the.run(all.map(({ asked }) => asked));
      for (const [at, { resolve }] of all.entries()) resolve(answers[at] as Answer);
    } catch (error) {
      const alone = all.length > 1 && isUndone(error);
      // Nobody else has to wait for these.
      for (const each of all) alone ? void settle([each]) : each.reject(error);
    }
  };

  const work = async (): Promise<void> => {
    called = false;
    running += 1;
    while (waiting.length > 0) await settle(nextAll());
    running -= 1;
  };

  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, resolve, reject });
      if (called || running >= AT_ONCE) return;
      // At the end of this turn, so that others who come in it share the statement.
      called = true;
      setImmediate(() => void work());
    });
};
