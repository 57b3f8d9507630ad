// The words of "attestry lock" and "attestry outdated".
import { type Command, InvalidArgumentError } from 'commander';
import type { Moment } from '../../client/lock/names.ts';
import { LOCKFILE } from './lockfile.ts';
import { listed } from './text-options.ts';
import { addPolicyOption, addTrustOptions } from './trust-options.ts';
import { example, later } from './words.ts';

/** `1204`, or a time as in 2026-05-01T00:00:00Z. */
const moment = (text: string): Moment => {
  if (/^\d{1,15}$/.test(text)) return { size: Number(text) };
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!Number.isNaN(time.getTime())) return { time };
  throw new InvalidArgumentError('It is a number of log entries, or a time as in 2026-05-01T00:00:00Z.');
};

const registryOption = (command: Command): Command =>
  command.option('--registry <urls>', 'registries to ask after --url, in order; separated by commas', listed);

export const addLock = (program: Command): void => {
  const lock = program
    .command('lock')
    .argument('[name@range...]', 'what to lock; default: what was locked the last time')
    .description('choose versions that fit together, verify them, and write them down')
    .helpGroup('Hosts:')
    .option('--out <file>', 'lockfile to write', LOCKFILE)
    .option(
      '--override <name@version...>',
      'versions that count for everybody who asks for a pack, as long as one of them, or you, admits it',
    )
    .option('--at <size-or-time>', 'choose as of an earlier state of the log', moment);
  const line = 'attestry lock vendor.acme.tools@^1.2 --override vendor.acme.base@1.0.3';
  example(addPolicyOption(addTrustOptions(registryOption(lock))), line).action(
    later(() => import('../lock.ts'), 'lock'),
  );
  const outdated = program
    .command('outdated')
    .description('show what would be locked today, what the newest is, and what holds it back')
    .helpGroup('Hosts:')
    .option('--lock <file>', 'lockfile to look at', LOCKFILE);
  example(addPolicyOption(addTrustOptions(registryOption(outdated))), 'attestry outdated').action(
    later(() => import('../outdated.ts'), 'outdated'),
  );
};
