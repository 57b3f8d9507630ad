// The words of "attestry keys".
import { type Command, InvalidArgumentError } from 'commander';
import { addCompromise, addRotate } from './keychain.ts';
import { instantText, listed } from './text-options.ts';
import { example, later } from './words.ts';

const ADD_EXAMPLE = 'attestry keys add --key-id acme-1 --key acme-1.pem --namespaces vendor.acme.*';

/** Where in the log belief ends. */
const placeOption = (text: string): 'now' | 'ever' | number => {
  if (text === 'now' || text === 'ever') return text;
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new InvalidArgumentError('It is now, ever, or a position.');
  return Number(text);
};

export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .description('delegate, list, rotate and revoke public keys')
    .helpGroup('Publishers:');
  example(keys, ADD_EXAMPLE);
  example(
    keys
      .command('add')
      .description('have a public key believed for namespaces you hold')
      .option('--key-id <id>', 'what the key is called; default: the name of its file')
      .option('--key <file>', 'your private key: it proves that you hold it, and stays on this machine')
      .option('--public <file>', 'the public key of somebody else (for the operator)')
      .option('--namespaces <patterns>', 'names it may sign for, separated by commas (required)', listed)
      .option('--not-after <instant>', 'as in 2027-01-31T00:00:00Z; default: two years on', instantText),
    ADD_EXAMPLE,
  ).action(later(() => import('../keys.ts'), 'add'));
  example(keys.command('list').description('list all keys and how they stand'), 'attestry keys list').action(
    later(() => import('../keys.ts'), 'list'),
  );
  example(
    keys
      .command('revoke')
      .description('take a key back: it signs nothing more, and what it signed before is kept or not')
      .requiredOption('--key-id <id>', 'what the key is called')
      .requiredOption('--reason <text>', 'why, for the record')
      .option(
        '--from <place>',
        'now, ever, or the first log position that is not believed',
        placeOption,
        'now',
      ),
    'attestry keys revoke --key-id acme-1 --reason "stolen laptop"',
  ).action(later(() => import('../keys.ts'), 'revoke'));
  addRotate(keys);
  addCompromise(keys);
};
