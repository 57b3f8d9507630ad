// The words of "attestry token".
import type { Command } from 'commander';
import { instantText, listed } from './text-options.ts';
import { example, later } from './words.ts';

const CREATE_EXAMPLE =
  'attestry token create --account acme --scope packs:publish,keys:manage,namespaces:claim';

export const addToken = (program: Command): void => {
  const token = program.command('token').description('issue, list and revoke tokens').helpGroup('Operators:');
  example(token, CREATE_EXAMPLE);
  example(
    token
      .command('create')
      .description('issue a token; it is shown once')
      .requiredOption('--account <name>', 'whose token it is')
      .requiredOption('--scope <scopes>', 'what it may be used for, separated by commas', listed)
      .option('--namespaces <patterns>', 'limit it to these names, as in vendor.acme.*', listed)
      .option('--expires <instant>', 'as in 2027-01-31T00:00:00Z; default: never', instantText),
    CREATE_EXAMPLE,
  ).action(later(() => import('../token.ts'), 'create'));
  example(
    token.command('list').description('list tokens, without their secrets'),
    'attestry token list',
  ).action(later(() => import('../token.ts'), 'list'));
  example(
    token.command('revoke').argument('<id>', 'id of the token').description('end a token at once'),
    'attestry token revoke tok_5f0c8d2e9a417b36',
  ).action(later(() => import('../token.ts'), 'revoke'));
};
