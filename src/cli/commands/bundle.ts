// The words of "attestry bundle".
import type { Command } from 'commander';
import { addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

export const addBundle = (program: Command): void => {
  const command = program
    .command('bundle')
    .argument('<name@version>', 'a version, or a range to take the highest of')
    .description('write one file from which a version is verified without a network')
    .helpGroup('Hosts:')
    .requiredOption('--out <file>', 'file to write; nothing is overwritten');
  const line = 'attestry bundle vendor.acme.tools@1.0.0 --out tools.bundle.json';
  example(addTrustOptions(command), line).action(later(() => import('../bundle.ts'), 'bundle'));
};
