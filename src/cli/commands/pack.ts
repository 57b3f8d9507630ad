// The words of "attestry pack".
import type { Command } from 'commander';
import { treeOption } from './text-options.ts';
import { example, later, NEEDS } from './words.ts';

export const addPack = (program: Command): void => {
  example(
    program
      .command('pack')
      .argument('<folder>', 'folder with pack.json at its top')
      .description('check, sign and pack a folder')
      .helpGroup('Publishers:')
      .option('--key <file>', 'private key, as keygen wrote it')
      .option('--key-id <id>', 'what the key is called; default: the name of its file')
      .option('--unsigned', 'do not sign')
      .option(
        '--tree <tree>',
        'v1 or v2: the form of manifest and signature; default: v2, or v1 with --unsigned',
        treeOption,
      )
      .option('--source <uri>', 'where it was built from, for its release statement')
      .option('--out <dir>', 'where to write <name>-<version>.tgz; made if need be', '.')
      .addHelpText('after', NEEDS),
    'attestry pack vendor.acme.tools --key acme-1.pem --tree v2',
  ).action(later(() => import('../pack.ts'), 'pack'));
};
