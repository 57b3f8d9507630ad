// Lets so many pieces of heavy work run at once and tells the others to come back.
import { fault } from '../protocol/faults.ts';

/** Runs `work` unless `most` others are running. @throws Fault busy */
export type Admit = <T>(work: () => Promise<T>) => Promise<T>;

export const admission = (most: number): Admit => {
  let running = 0;
  return async (work) => {
    if (running >= most) throw fault('busy');
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };
};
