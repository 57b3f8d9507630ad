// The words of "attestry unyank".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addUnyank = (program: Command): void => {
  example(
    program
      .command('unyank')
      .argument('<name@version>', 'one yanked version')
      .description('offer a yanked version again')
      .helpGroup('Publishers:'),
    'attestry unyank vendor.acme.tools@1.0.0',
  ).action(later(() => import('../unyank.ts'), 'unyank'));
};
