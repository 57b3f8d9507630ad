// The words of "attestry backup".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addBackup = (program: Command): void => {
  example(
    program
      .command('backup')
      .description('back the registry up while it runs; again into the same folder copies only what is new')
      .helpGroup('Operators:')
      .requiredOption('--to <dir>', 'folder of the backup')
      .option('--with-keys', 'also the private keys of the registry; without, they are not in it'),
    'attestry backup --to /mnt/backup/attestry',
  ).action(later(() => import('../backup.ts'), 'make'));
};
