// Work that leaves nothing half-written where it is stopped, and whose exit code says what stopped it.
import { removeAllParts } from '../client/part-files.ts';
import { printNotes } from './terminal.ts';

/** As a shell counts them: 128 and the number of the signal. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof CODES;
const SIGNALS: readonly Signal[] = ['SIGINT', 'SIGTERM'];

const NOTHING_LEFT = 'Stopped; what was half written is gone.';

/** @param note what is true once it was stopped */
export const untilStopped = async <T>(work: () => Promise<T>, note = NOTHING_LEFT): Promise<T> => {
  const stop = (signal: Signal): void => {
    removeAllParts();
    printNotes([note]);
    process.exit(CODES[signal]);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
};
