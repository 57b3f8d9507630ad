// The words of "attestry restore".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addRestore = (program: Command): void => {
  example(
    program
      .command('restore')
      .description(
        'restore a backup into an empty database and an empty blob store; everything is checked first',
      )
      .helpGroup('Operators:')
      .requiredOption('--from <dir>', 'folder of the backup')
      .option('--newer-checkpoint <file-or-url>', 'a checkpoint somebody saw; refuse if its log is larger')
      .option('--despite-damage', 'restore also what was damaged already when it was backed up'),
    'attestry restore --from /mnt/backup/attestry',
  ).action(later(() => import('../restore.ts'), 'restoreAll'));
};
