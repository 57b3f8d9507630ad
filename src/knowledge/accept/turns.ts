// Lets those who change one base in this process go together: who comes while others are under way goes with all who wait.

/** Somebody who waits for what becomes of what he asked; being told twice is being told once. */
export interface Waiting<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Tells some of them what became of it, at least one of them, and returns the others, who stay in front. */
export type TakeTurn<Asked, Answer> = (
  base: string,
  all: readonly Waiting<Asked, Answer>[],
) => Promise<readonly Waiting<Asked, Answer>[]>;

/** Waits until all that was asked before for the same base has its answer, or goes with it. */
export type InTurn<Asked, Answer> = (base: string, asked: Asked) => Promise<Answer>;

/** @param most that go together */
export const turns = <Asked, Answer>(take: TakeTurn<Asked, Answer>, most: number): InTurn<Asked, Answer> => {
  const lines = new Map<string, Waiting<Asked, Answer>[]>();
  const takeAll = async (base: string, line: Waiting<Asked, Answer>[]): Promise<void> => {
    while (line.length > 0) {
      const some = line.splice(0, most);
      try {
        line.unshift(...(await take(base, some)));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
    lines.delete(base);
  };
  return (base, asked) =>
    new Promise((resolve, reject) => {
      const own = { asked, resolve, reject };
      const line = lines.get(base);
      if (line !== undefined) return void line.push(own);
      const first = [own];
      lines.set(base, first);
      // At the end of this turn of the process, so that others who come in it go along.
      setImmediate(() => void takeAll(base, first));
    });
};
