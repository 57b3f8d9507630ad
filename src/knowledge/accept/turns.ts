// Lets those who change one base in this process take turns, before they wait for those of other processes.

/** Runs `work` when all that was asked before for the same base has ended, however it ended. */
export type InTurn = <T>(base: string, work: () => Promise<T>) => Promise<T>;

export const turns = (): InTurn => {
  const last = new Map<string, Promise<unknown>>();
  return async (base, work) => {
    const before = last.get(base) ?? Promise.resolve();
    const own = before.then(work, work);
    last.set(base, own);
    try {
      return await own;
    } finally {
      if (last.get(base) === own) last.delete(base);
    }
  };
};
