// The words of "attestry compat".
import type { Command } from 'commander';
import { listed, treeOption } from './text-options.ts';
import { example, later } from './words.ts';

export const addCompat = (program: Command): void => {
  const command = program
    .command('compat')
    .argument('<name@range...>', 'versions or ranges, as in vendor.acme.tools@^1.2')
    .description('tell whether packs, and all they need, run on a host; nothing is installed')
    .helpGroup('Hosts:')
    .requiredOption('--host <url-or-file>', 'the host, or its discovery document (/.well-known/openwop)')
    .option('--registry <url>', 'address of the registry, in the place of --url')
    .option('--tree <tree>', 'look in this tree only, v1 or v2', treeOption)
    .option('--grants <primitives>', 'what the platform grants, as in net.dns,net.outbound', listed)
    .option('--dir <dir>', 'directory of installed packs, whose tools count');
  example(command, 'attestry compat vendor.acme.tools@^1.2 --host https://host.example').action(
    later(() => import('../compat.ts'), 'compat'),
  );
};
