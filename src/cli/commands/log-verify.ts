// The words of "attestry log verify".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addLogVerify = (log: Command): void => {
  const command = log
    .command('verify')
    .description('check every entry, and everything served against it; says all that is wrong at once')
    .option('--root <file>', 'root document to start from; default: the one seen first')
    .option('--state <file>', 'where to remember what was believed; default: below ~/.attestry/trust')
    .option('--tarballs', 'also fetch every tarball and ask of it all that a host asks');
  example(command, 'attestry log verify --root root.json').action(
    later(() => import('../log-verify.ts'), 'verify'),
  );
};
