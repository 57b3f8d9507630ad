// The words of "attestry account".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addAccount = (program: Command): void => {
  const account = program.command('account').description('make and list accounts').helpGroup('Operators:');
  example(account, 'attestry account create acme');
  example(
    account
      .command('create')
      .argument('<name>', 'small letters, digits and hyphens')
      .description('make an account'),
    'attestry account create acme',
  ).action(later(() => import('../account.ts'), 'create'));
  example(account.command('list').description('list all accounts'), 'attestry account list').action(
    later(() => import('../account.ts'), 'list'),
  );
};
