// The words of "attestry namespace".
import type { Command } from 'commander';
import { example, later } from './words.ts';

export const addNamespace = (program: Command): void => {
  const namespace = program
    .command('namespace')
    .description('claim and list namespaces')
    .helpGroup('Publishers:');
  example(namespace, 'attestry namespace claim vendor.acme');
  example(
    namespace
      .command('claim')
      .argument('<namespace>', 'the first two parts of a pack name, as in vendor.acme')
      .description('take a namespace that nobody holds')
      .option('--account <name>', 'for another account (operators)'),
    'attestry namespace claim vendor.acme',
  ).action(later(() => import('../namespace.ts'), 'claim'));
  example(
    namespace.command('list').description('list who holds which namespace'),
    'attestry namespace list',
  ).action(later(() => import('../namespace.ts'), 'list'));
};
