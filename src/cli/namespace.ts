// attestry namespace: who holds which names.
import type { Command } from 'commander';
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { rowsAt, table } from './table.ts';

interface ClaimOptions {
  readonly account?: string;
}

const claim = acting<ClaimOptions>(async (settings, { account }, namespace = '') => {
  const request = { namespace, ...(account === undefined ? {} : { account }) };
  const { body } = await registryOf(settings).ask('POST', '/access/namespaces', request);
  const holder = textOf(body['account']) ?? 'your account';
  return { lines: [`${namespace} now belongs to ${holder}.`], json: body };
});

const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/namespaces');
  return { lines: table(['namespace', 'account', 'claimedAt'], rowsAt(body, 'namespaces')), json: body };
});

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
  ).action(claim);
  example(
    namespace.command('list').description('list who holds which namespace'),
    'attestry namespace list',
  ).action(list);
};
