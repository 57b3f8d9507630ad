// The work nobody waits for: each chore runs at its own pace and may fail without harm, since the next turn repeats it.
import type { Logger } from 'pino';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
}

const turn = async (chore: Chore, log: Logger): Promise<void> => {
  try {
    await chore.run();
  } catch (error) {
    log.error({ chore: chore.name, err: error }, 'chore failed');
  }
};

/** Starts them all; the returned function ends them and waits for those under way. */
export const startChores = (chores: readonly Chore[], log: Logger): (() => Promise<void>) => {
  const running = new Set<Promise<void>>();
  const timers = chores.map((chore) =>
    setInterval(() => {
      const done = turn(chore, log).finally(() => running.delete(done));
      running.add(done);
    }, chore.everyMs).unref(),
  );
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
};
