// attestry namespace: who holds which names.
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

interface ClaimOptions {
  readonly account?: string;
}

export const claim = acting<ClaimOptions>(async (settings, { account }, namespace = '') => {
  const request = { namespace, ...(account === undefined ? {} : { account }) };
  const { body } = await registryOf(settings).ask('POST', '/access/namespaces', request);
  const holder = textOf(body['account']) ?? 'your account';
  return { lines: [`${namespace} now belongs to ${holder}.`], json: body };
});

export const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/namespaces');
  return { lines: table(['namespace', 'account', 'claimedAt'], rowsAt(body, 'namespaces')), json: body };
});
