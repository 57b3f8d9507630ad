// attestry serve: runs the registry in this process.
import type { Command } from 'commander';
import { example, showFailure } from './command.ts';
import { explain } from './failure.ts';
import { startFailureOf } from './start-failure.ts';

export const addServe = (program: Command): void => {
  example(
    program
      .command('serve')
      .description('run the registry; settings come from the environment')
      .helpGroup('Operators:'),
    'attestry serve',
  ).action(async (_options: unknown, command: Command) => {
    try {
      // Only here: no other command should wait for the server to load, or need what it needs.
      const { serve } = await import('../main.ts');
      await serve();
    } catch (error) {
      const { json } = command.optsWithGlobals<{ readonly json?: boolean }>();
      showFailure(startFailureOf(error) ?? explain(error), json === true);
    }
  });
};
