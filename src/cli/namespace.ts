// attestry namespace: who holds which names, how they change hands, and what stands for them.
import { objectOf, textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

interface AccountOptions {
  readonly account: string;
}

interface KeysOptions {
  readonly keepKeys?: readonly string[];
}

interface TransferOptions extends AccountOptions, KeysOptions {
  readonly reason: string;
}

const addressOf = (namespace: string, what: string): string =>
  `/access/namespaces/${encodeURIComponent(namespace)}/${what}`;

const keysOf = ({ keepKeys }: KeysOptions): { readonly keys?: readonly string[] } =>
  keepKeys === undefined ? {} : { keys: keepKeys };

export const claim = acting<Partial<AccountOptions>>(async (settings, { account }, namespace = '') => {
  const request = { namespace, ...(account === undefined ? {} : { account }) };
  const { body } = await registryOf(settings).ask('POST', '/access/namespaces', request);
  const holder = textOf(body['account']) ?? 'your account';
  const pending = `Nothing is published under it until its domain stands for it: attestry namespace prove ${namespace} --domain DOMAIN`;
  const lines = [
    `${namespace} now belongs to ${holder}.`,
    ...(body['status'] === 'pending' ? [pending] : []),
  ];
  return { lines, json: body };
});

export const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/namespaces');
  const claims = rowsAt(body, 'namespaces').map((row) => {
    const [proof, offer] = [objectOf(row['proof']), objectOf(row['offer'])];
    const domain = proof && `${textOf(proof['domain'])}${proof['status'] === 'expired' ? ' (expired)' : ''}`;
    return { ...row, domain: domain ?? null, offeredTo: offer?.['account'] ?? null };
  });
  const held = rowsAt(body, 'held');
  const columns = ['namespace', 'account', 'claimedAt', 'status', 'domain', 'offeredTo'];
  const heldLines = held.length === 0 ? [] : ['', 'Held back:', ...table(['name', 'heldAt', 'reason'], held)];
  return { lines: [...table(columns, claims), ...heldLines], json: body };
});

export const offer = acting<AccountOptions>(async (settings, { account }, namespace = '') => {
  const { body } = await registryOf(settings).ask('POST', addressOf(namespace, 'offer'), { account });
  const until = textOf(body['expiresAt']) ?? '?';
  const how = `${account} takes it with "attestry namespace accept ${namespace}", until ${until}.`;
  return { lines: [`${namespace} is offered to ${account}.`, how], json: body };
});

export const withdrawOffer = acting(async (settings, _options, namespace = '') => {
  await registryOf(settings).ask('DELETE', addressOf(namespace, 'offer'));
  return { lines: [`${namespace} is not offered any more.`], json: { withdrawn: namespace } };
});

const OLD_KEYS = 'Keys that were listed for it before sign nothing new there, but for those you kept.';

export const accept = acting<KeysOptions>(async (settings, options, namespace = '') => {
  const { body } = await registryOf(settings).ask('POST', addressOf(namespace, 'accept'), keysOf(options));
  return {
    lines: [`${namespace} now belongs to ${textOf(body['account']) ?? 'you'}.`, OLD_KEYS],
    json: body,
  };
});

export const transfer = acting<TransferOptions>(async (settings, options, namespace = '') => {
  const { account, reason } = options;
  const order = { account, reason, ...keysOf(options) };
  const { body } = await registryOf(settings).ask('POST', addressOf(namespace, 'transfer'), order);
  return { lines: [`${namespace} now belongs to ${account}.`, OLD_KEYS], json: body };
});

export const hold = acting<{ readonly reason: string }>(async (settings, { reason }, name = '') => {
  const { body } = await registryOf(settings).ask('POST', addressOf(name, 'hold'), { reason });
  return { lines: [`${name} is held back, with all that looks like it.`], json: body };
});

export const release = acting(async (settings, _options, name = '') => {
  await registryOf(settings).ask('DELETE', addressOf(name, 'hold'));
  return { lines: [`${name} is not held back any more.`], json: { released: name } };
});
