// The words of "attestry install".
import type { Command } from 'commander';
import { LOCKFILE } from './lockfile.ts';
import { instant, listed } from './text-options.ts';
import { addPolicyOption, addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

export const addInstall = (program: Command): void => {
  const command = program
    .command('install')
    .argument(
      '[name@range...]',
      'versions or ranges, as in vendor.acme.tools@^1.2; default: all that is locked',
    )
    .description('verify packs and install them and all that they need, all or none')
    .helpGroup('Hosts:')
    .requiredOption('--dir <dir>', 'directory that holds the packs')
    .option('--lock <file>', `lockfile to go by; default: ${LOCKFILE}, where there is one`)
    .option('--frozen', 'install only what a lockfile says')
    .option('--bundle <file>', 'install what "attestry bundle --lock" wrote, without a network')
    .option('--at <time>', 'believe the bundle as of that time', instant)
    .option(
      '--from <urls>',
      'with --bundle: registries that have no root document; default: each has one',
      listed,
    );
  example(
    addPolicyOption(addTrustOptions(command)),
    'attestry install vendor.acme.tools@^1.2 --dir packs',
  ).action(later(() => import('../install.ts'), 'install'));
};
