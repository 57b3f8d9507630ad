// Lets a few questions at a time reach the database, so that those who ask never keep out those who publish.
import { fault } from '../../protocol/faults.ts';

export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** The others wait in line, and those who find the line full are told to come back. @throws Fault busy */
export const turns = (atOnce: number, mostWaiting: number): TakeTurn => {
  let running = 0;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiting.length >= mostWaiting) throw fault('busy', { limit: mostWaiting });
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  // A turn is handed on, so that nobody who comes just then gets in between.
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
};
