// The words of "attestry keychain", "attestry keys rotate" and "attestry keys compromise".
import type { Command } from 'commander';
import { instantText } from './text-options.ts';
import { example, later } from './words.ts';

export const addKeychain = (program: Command): void => {
  example(
    program
      .command('keychain')
      .argument('<name>', 'a pack')
      .description('list the keys of a pack: since when, until when, which follows which')
      .helpGroup('Publishers:'),
    'attestry keychain vendor.acme.tools',
  ).action(later(() => import('../keychain.ts'), 'keychain'));
};

export const addRotate = (keys: Command): void => {
  example(
    keys
      .command('rotate')
      .description('have a new key follow an old one, for the same names: the old one signs nothing more')
      .requiredOption('--old-key <file>', 'the private key that is followed; it stays on this machine')
      .requiredOption('--key <file>', 'the new private key; it stays on this machine')
      .requiredOption('--pack <name>', 'a pack that the old key speaks for')
      .option('--old-key-id <id>', 'what the old key is called; default: the name of its file')
      .option('--key-id <id>', 'what the new key is called; default: the name of its file')
      .option('--valid-from <instant>', 'from when on, as in 2027-01-31T00:00:00Z; default: now', instantText)
      .option('--valid-until <instant>', 'when the new key ends; default: two years on', instantText),
    'attestry keys rotate --old-key acme-1.pem --key acme-2.pem --pack vendor.acme.tools',
  ).action(later(() => import('../rotate-key.ts'), 'rotate'));
};

export const addCompromise = (keys: Command): void => {
  example(
    keys
      .command('compromise')
      .description('report a stolen key: revokes it, and yanks all that it signed since, at once')
      .requiredOption('--key-id <id>', 'what the key is called')
      .requiredOption('--since <instant>', 'when somebody else may first have had it', instantText)
      .requiredOption('--reason <text>', 'why, for everybody to read')
      .option('--until <instant>', 'when that was over; what it signed later stays good', instantText)
      .option('--advisory-url <url>', 'where more is said about it')
      .option('--dry-run', 'only list what would be yanked'),
    'attestry keys compromise --key-id acme-1 --since 2027-01-31T00:00:00Z --reason "stolen laptop" --dry-run',
  ).action(later(() => import('../compromise-key.ts'), 'compromise'));
};
