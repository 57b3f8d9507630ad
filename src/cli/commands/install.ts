// The words of "attestry install".
import type { Command } from 'commander';
import { addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

export const addInstall = (program: Command): void => {
  const command = program
    .command('install')
    .argument('<name@range...>', 'versions or ranges, as in vendor.acme.tools@^1.2')
    .description('verify packs and install them, all or none')
    .helpGroup('Hosts:')
    .requiredOption('--dir <dir>', 'directory that holds the packs');
  example(addTrustOptions(command), 'attestry install vendor.acme.tools@^1.2 --dir packs').action(
    later(() => import('../install.ts'), 'install'),
  );
};
