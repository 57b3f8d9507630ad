// The words of "attestry verify".
import { type Command, InvalidArgumentError } from 'commander';
import { addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

const instant = (text: string): Date => {
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new InvalidArgumentError('It is a time as in 2026-06-01T12:00:00Z.');
};

export const addVerify = (program: Command): void => {
  const command = program
    .command('verify')
    .argument('[name@version]', 'a version, or a range to take the highest of')
    .description('check a version from the root key to its bytes; nothing is installed')
    .helpGroup('Hosts:')
    .option('--bundle <file>', 'check what "attestry bundle" wrote, without a network')
    .option('--at <time>', 'check the bundle as of that time', instant);
  example(addTrustOptions(command), 'attestry verify vendor.acme.tools@1.0.0 --root root.json').action(
    later(() => import('../verify.ts'), 'verify'),
  );
};
