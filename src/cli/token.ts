// attestry token: what accounts may act with.
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

interface CreateOptions {
  readonly account: string;
  readonly scope: readonly string[];
  readonly namespaces?: readonly string[];
  readonly expires?: string;
}

export const create = acting<CreateOptions>(async (settings, { account, scope, namespaces, expires }) => {
  const { body } = await registryOf(settings).ask('POST', '/access/tokens', {
    account,
    scopes: scope,
    ...(namespaces === undefined ? {} : { namespaces }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  });
  const note = `This is the only time it is shown. Id: ${textOf(body['id']) ?? '?'}, account: ${account}.`;
  return { lines: [textOf(body['token']) ?? '', note], json: body };
});

export const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/tokens');
  const columns = ['id', 'account', 'scopes', 'namespaces', 'createdAt', 'expiresAt', 'revokedAt'];
  return { lines: table(columns, rowsAt(body, 'tokens')), json: body };
});

export const revoke = acting(async (settings, _options, id = '') => {
  await registryOf(settings).ask('DELETE', `/access/tokens/${encodeURIComponent(id)}`);
  return { lines: [`Revoked the token ${id}.`], json: { revoked: id } };
});
