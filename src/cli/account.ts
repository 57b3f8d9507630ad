// attestry account: who there is.
import type { Command } from 'commander';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { rowsAt, table } from './table.ts';

const create = acting(async (settings, _options, name = '') => {
  const { body } = await registryOf(settings).ask('POST', '/access/accounts', { name });
  return { lines: [`Created the account ${name}.`], json: body };
});

const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/accounts');
  return { lines: table(['name', 'createdAt'], rowsAt(body, 'accounts')), json: body };
});

export const addAccount = (program: Command): void => {
  const account = program.command('account').description('make and list accounts').helpGroup('Operators:');
  example(account, 'attestry account create acme');
  example(
    account
      .command('create')
      .argument('<name>', 'small letters, digits and hyphens')
      .description('make an account'),
    'attestry account create acme',
  ).action(create);
  example(account.command('list').description('list all accounts'), 'attestry account list').action(list);
};
