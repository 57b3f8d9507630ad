// The words of "attestry verify".
import type { Command } from 'commander';
import { instant } from './text-options.ts';
import { addPolicyOption, addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

export const addVerify = (program: Command): void => {
  const command = program
    .command('verify')
    .argument('[name@version]', 'a version, or a range to take the highest of')
    .description('check a version from the root key to its bytes; nothing is installed')
    .helpGroup('Hosts:')
    .option('--bundle <file>', 'check what "attestry bundle" wrote, without a network')
    .option('--at <time>', 'check the bundle as of that time', instant);
  example(
    addPolicyOption(addTrustOptions(command)),
    'attestry verify vendor.acme.tools@1.0.0 --root root.json',
  ).action(later(() => import('../verify.ts'), 'verify'));
};
