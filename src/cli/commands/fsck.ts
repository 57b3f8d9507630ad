// The words of "attestry fsck".
import { type Command, Option } from 'commander';
import { wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

export const addFsck = (program: Command): void => {
  example(
    program
      .command('fsck')
      .description(
        'check blobs, rows, log and signatures against one another, while the registry runs or not',
      )
      .helpGroup('Operators:')
      .option('--repair', 'set right what follows from the signed rows; the registry has to be stopped')
      .addOption(
        new Option(
          '--sample <n>',
          'read only so many tarballs and documents to the end, each time others',
        ).argParser(wholeNumber),
      )
      .addOption(
        new Option('--all', 'read every tarball and document to the end (the default)').conflicts('sample'),
      ),
    'attestry fsck --sample 100',
  ).action(later(() => import('../fsck.ts'), 'check'));
};
