// attestry keys: which public keys speak for which names.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { formatPublicKeyPem, type KeyId, parseKeyId, parsePublicKey } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { textOf } from '../protocol/manifest/read.ts';
import { type Registry, registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { UsageError } from './failure.ts';
import { rowsAt, table } from './table.ts';
import { listed } from './text-options.ts';

interface AddOptions {
  readonly keyId: string;
  readonly key?: string;
  readonly public?: string;
  readonly namespaces: readonly string[];
  readonly notAfter?: string;
}

/** Whoever gives the wrong file must not send a private key to anyone. */
const readPublicKey = async (path: string): Promise<string> => {
  const text = await readFile(path, 'utf8');
  if (/PRIVATE/.test(text))
    throw new UsageError(`${path} holds a private key, which never leaves this machine; give the .pub file.`);
  return formatPublicKeyPem(parsePublicKey(text));
};

/** What is sent with the key: its own signature, which only its holder can make. The private key stays here. */
const proven = async (registry: Registry, path: string, keyId: KeyId, namespaces: readonly string[]) => {
  const signer = await loadSeedSigner(path, keyId);
  const { body } = await registry.ask('GET', '/access/whoami');
  const account = textOf(body['account']) ?? '';
  const proof = await signer.sign(possessionMessage({ account, keyId, namespaces }));
  return { publicKey: formatPublicKeyPem(signer.publicKey), proof: Buffer.from(proof).toString('base64') };
};

const add = acting<AddOptions>(async (settings, options) => {
  const { key, public: publicFile, namespaces, notAfter } = options;
  const registry = registryOf(settings);
  const keyId = parseKeyId(options.keyId);
  if ((key === undefined) === (publicFile === undefined))
    throw new UsageError('Give either --key, the private key you hold, or (as the operator) --public.');
  const named =
    key === undefined
      ? { publicKey: await readPublicKey(publicFile ?? '') }
      : await proven(registry, key, keyId, namespaces);
  const { body } = await registry.ask('POST', '/access/keys', {
    keyId,
    namespaces,
    ...named,
    ...(notAfter === undefined ? {} : { notAfter }),
  });
  return { lines: [`${keyId} now speaks for ${namespaces.join(', ')}.`], json: body };
});

const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/keys');
  const columns = ['keyId', 'account', 'status', 'namespaces', 'notAfter', 'fingerprint'];
  return { lines: table(columns, rowsAt(body, 'keys')), json: body };
});

const revoke = acting<{ readonly reason: string }>(async (settings, { reason }, keyId = '') => {
  await registryOf(settings).ask('POST', `/access/keys/${encodeURIComponent(keyId)}/revoke`, { reason });
  return { lines: [`Revoked the key ${keyId}.`], json: { revoked: keyId } };
});

const ADD_EXAMPLE = 'attestry keys add --key-id acme-1 --key acme-1.pem --namespaces vendor.acme.*';

export const addKeys = (program: Command): void => {
  const keys = program
    .command('keys')
    .description('delegate, list and revoke public keys')
    .helpGroup('Publishers:');
  example(keys, ADD_EXAMPLE);
  example(
    keys
      .command('add')
      .description('have a public key believed for namespaces you hold')
      .requiredOption('--key-id <id>', 'what the key is called')
      .option('--key <file>', 'your private key: it proves that you hold it, and stays on this machine')
      .option('--public <file>', 'the public key of somebody else (for the operator)')
      .requiredOption('--namespaces <patterns>', 'names it may sign for, separated by commas', listed)
      .option('--not-after <instant>', 'as in 2027-01-31T00:00:00Z; default: two years on'),
    ADD_EXAMPLE,
  ).action(add);
  example(keys.command('list').description('list all keys and how they stand'), 'attestry keys list').action(
    list,
  );
  example(
    keys
      .command('revoke')
      .argument('<key-id>')
      .description('take a key back; nothing it signed is believed any longer')
      .requiredOption('--reason <text>', 'why, for the record'),
    'attestry keys revoke acme-1 --reason "stolen laptop"',
  ).action(revoke);
};
