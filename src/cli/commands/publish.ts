// The words of "attestry publish".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addPublish = (program: Command): void => {
  example(
    program
      .command('publish')
      .argument('<file>', 'tarball made by "attestry pack"')
      .description('publish a version; its bytes can never change afterwards')
      .helpGroup('Publishers:')
      .option('--statement <file>', 'its release statement; default: <file>.intoto.json, where it is there')
      .option('--no-statement', 'publish without a release statement'),
    'attestry publish vendor.acme.tools-1.0.0.tgz --token-file token',
  ).action(later(() => import('../publish.ts'), 'publish'));
};
