// The words of "attestry new".
import type { Command } from 'commander';
import { example, later, NEEDS } from './words.ts';

export const addNew = (program: Command): void => {
  example(
    program
      .command('new')
      .argument('<name>', 'name of the pack, as in vendor.acme.tools; also of the folder')
      .description('make a folder with a small pack')
      .helpGroup('Publishers:')
      .addHelpText('after', NEEDS),
    'attestry new vendor.acme.tools',
  ).action(later(() => import('../new.ts'), 'create'));
};
