// Asks people before something that nobody can take back.
import { createInterface } from 'node:readline/promises';
import { UsageError } from './failure.ts';
import { harmless } from './terminal.ts';

const answerTo = async (question: string): Promise<string> => {
  // Beside the outcome, which may be kept in a file.
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await asking.question(`${harmless(question)} Type "yes": `);
  } finally {
    asking.close();
  }
};

/** @throws UsageError where nobody is there to be asked, or the answer is no */
export const confirm = async (question: string, yes: boolean | undefined): Promise<void> => {
  if (yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError(`${question} Say so with --yes: there is no terminal to ask at.`);
  if ((await answerTo(question)).trim().toLowerCase() !== 'yes') throw new UsageError('Nothing was done.');
};
