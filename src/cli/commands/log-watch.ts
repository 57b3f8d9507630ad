// The words of "attestry log watch".
import type { Command } from 'commander';
import { durationOption } from './duration.ts';
import { example, later } from './words.ts';

const INTERVAL = { least: 1, most: 24 * 3_600_000, usual: '10s', examples: '10s, 5m or 1h' } as const;

export const addLogWatch = (log: Command): void => {
  const command = log
    .command('watch')
    .description('follow the log as it grows; with --json one JSON line for each observation')
    .option('--root <file>', 'root document to start from; default: the one seen first')
    .option('--state <file>', 'where to remember what was believed; default: below ~/.attestry/trust')
    .addOption(durationOption('--interval <time>', 'time between two looks, as in 10s or 5m', INTERVAL))
    .option('--once', 'end after one look; exit code 1 also where the registry does not answer')
    .option('--keep-going', 'go on after an alarm; the exit code tells of it all the same');
  example(command, 'attestry log watch --interval 1m --json').action(
    later(() => import('../log-watch.ts'), 'watch'),
  );
};
