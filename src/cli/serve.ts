// attestry serve: runs the registry in this process.
import type { Command } from 'commander';
import { serve } from '../main.ts';
import { showFailure } from './command.ts';
import { explain } from './failure.ts';
import { startFailureOf } from './start-failure.ts';

export const run = async (...given: unknown[]): Promise<void> => {
  try {
    await serve();
  } catch (error) {
    const { json } = (given.at(-1) as Command).optsWithGlobals<{ readonly json?: boolean }>();
    showFailure(startFailureOf(error) ?? explain(error), json === true);
  }
};
