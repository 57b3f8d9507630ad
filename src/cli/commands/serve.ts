// The words of "attestry serve".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addServe = (program: Command): void => {
  example(
    program
      .command('serve')
      .description('run the registry; settings come from the environment')
      .helpGroup('Operators:'),
    'attestry serve',
  ).action(later(() => import('../serve.ts'), 'run'));
};
