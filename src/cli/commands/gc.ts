// The words of "attestry gc".
import type { Command } from 'commander';
import { durationOption } from './duration.ts';
import { example, later } from './words.ts';

const YEARS_MS = 100 * 365 * 86_400_000;
const GRACE = { least: 0, most: YEARS_MS, usual: '24h', examples: '90m, 24h or 7d' } as const;

export const addGc = (program: Command): void => {
  example(
    program
      .command('gc')
      .description(
        'list what belongs to nothing: blobs that nobody names, uploads left behind, replaced tiles',
      )
      .helpGroup('Operators:')
      .option('--delete', 'remove it; safe while the registry runs')
      .addOption(durationOption('--grace <time>', 'leave what is younger', GRACE)),
    'attestry gc --grace 48h --delete',
  ).action(later(() => import('../gc.ts'), 'collect'));
};
