// The words of "attestry yank".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addYank = (program: Command): void => {
  example(
    program
      .command('yank')
      .argument('<name@version>', 'one published version')
      .description('withdraw a version: ranges skip it, its bytes stay')
      .helpGroup('Publishers:')
      .requiredOption('--reason <text>', 'why, for everybody to read')
      .option('--advisory-url <url>', 'where more is said about it'),
    'attestry yank vendor.acme.tools@1.0.0 --reason "leaks its token into logs"',
  ).action(later(() => import('../yank.ts'), 'yank'));
};
