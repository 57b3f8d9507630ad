// The words of "attestry bundle".
import type { Command } from 'commander';
import { addPolicyOption, addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

export const addBundle = (program: Command): void => {
  const command = program
    .command('bundle')
    .argument('[name@version]', 'a version, or a range to take the highest of')
    .description('write one file to verify a version, or install a lockfile, without a network')
    .helpGroup('Hosts:')
    .option('--lock <file>', 'bundle every pack of that lockfile')
    .requiredOption('--out <file>', 'file to write; nothing is overwritten');
  const line = 'attestry bundle --lock pack-lock.json --out packs.bundle';
  example(addPolicyOption(addTrustOptions(command)), line).action(
    later(() => import('../bundle.ts'), 'bundle'),
  );
};
