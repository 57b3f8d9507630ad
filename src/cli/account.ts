// attestry account: who there is.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

export const create = acting(async (settings, _options, name = '') => {
  const { body } = await registryOf(settings).ask('POST', '/access/accounts', { name });
  return { lines: [`Created the account ${name}.`], json: body };
});

export const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/accounts');
  return { lines: table(['name', 'createdAt'], rowsAt(body, 'accounts')), json: body };
});
