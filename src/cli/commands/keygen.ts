// The words of "attestry keygen".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addKeygen = (program: Command): void => {
  example(
    program
      .command('keygen')
      .description('make a key to sign packs with')
      .helpGroup('Publishers:')
      .requiredOption('--key-id <id>', 'what the key will be called')
      .option('--out <dir>', 'where to write <id>.pem and <id>.pub', '.'),
    'attestry keygen --key-id acme-1 --out ~/.attestry/keys',
  ).action(later(() => import('../keygen.ts'), 'keygen'));
};
