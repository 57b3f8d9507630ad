// attestry token: what accounts may act with.
import type { Command } from 'commander';
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { rowsAt, table } from './table.ts';
import { listed } from './text-options.ts';

interface CreateOptions {
  readonly account: string;
  readonly scope: readonly string[];
  readonly namespaces?: readonly string[];
  readonly expires?: string;
}

const create = acting<CreateOptions>(async (settings, { account, scope, namespaces, expires }) => {
  const { body } = await registryOf(settings).ask('POST', '/access/tokens', {
    account,
    scopes: scope,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  });
  const note = `This is the only time it is shown. Id: ${textOf(body['id']) ?? '?'}, account: ${account}.`;
  return { lines: [textOf(body['token']) ?? '', note], json: body };
});

const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/tokens');
  const columns = ['id', 'account', 'scopes', 'namespaces', 'createdAt', 'expiresAt', 'revokedAt'];
  return { lines: table(columns, rowsAt(body, 'tokens')), json: body };
});

const revoke = acting(async (settings, _options, id = '') => {
  await registryOf(settings).ask('DELETE', `/access/tokens/${encodeURIComponent(id)}`);
  return { lines: [`Revoked the token ${id}.`], json: { revoked: id } };
});

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
      .option('--expires <instant>', 'as in 2027-01-31T00:00:00Z; default: never'),
    CREATE_EXAMPLE,
  ).action(create);
  example(
    token.command('list').description('list tokens, without their secrets'),
    'attestry token list',
  ).action(list);
  example(
    token.command('revoke').argument('<id>', 'id of the token').description('end a token at once'),
    'attestry token revoke tok_5f0c8d2e9a417b36',
  ).action(revoke);
};
