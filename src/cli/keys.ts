// attestry keys: which public keys speak for which names.
import { type Command, InvalidArgumentError } from 'commander';
import type { JsonObject } from '../../keys/canonical.ts';
import { formatPublicKeyPem, type KeyId } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { objectOf, textOf } from '../protocol/manifest/read.ts';
import { type Registry, registryOf } from './ask.ts';
import { acting, example } from './command.ts';
import { UsageError } from './failure.ts';
import { keyIdFor } from './key-name.ts';
import { readPublicKeyFile } from './public-key-file.ts';
import { rowsAt, table } from './table.ts';
import { listed } from './text-options.ts';

interface AddOptions {
  readonly keyId?: string;
  readonly key?: string;
  readonly public?: string;
  readonly namespaces?: readonly string[];
  readonly notAfter?: string;
}

/** What is sent with the key: its own signature, which only its holder can make. The private key stays here. */
const proven = async (registry: Registry, path: string, keyId: KeyId, namespaces: readonly string[]) => {
  const signer = await loadSeedSigner(path, keyId);
  const { body } = await registry.ask('GET', '/access/whoami');
  const account = textOf(body['account']) ?? '';
  const proof = await signer.sign(possessionMessage({ account, keyId, namespaces }));
  return { publicKey: formatPublicKeyPem(signer.publicKey), proof: Buffer.from(proof).toString('base64') };
};

const termOf = (body: JsonObject): string => {
  const end = textOf(body['notAfter']);
  return end === undefined ? '' : `, until ${end}`;
};

const add = acting<AddOptions>(async (settings, options) => {
  const { key, public: publicFile, namespaces, notAfter } = options;
  const registry = registryOf(settings);
  if ((key === undefined) === (publicFile === undefined))
    throw new UsageError('Give either --key, the private key you hold, or (as the operator) --public.');
  if (namespaces === undefined)
    throw new UsageError('Say which names it may sign for, as in --namespaces vendor.acme.*');
  const keyId = keyIdFor(key ?? publicFile ?? '', options.keyId);
  const named =
    key === undefined
      ? { publicKey: formatPublicKeyPem(await readPublicKeyFile(publicFile ?? '')) }
      : await proven(registry, key, keyId, namespaces);
  const { body } = await registry.ask('POST', '/access/keys', {
    keyId,
    namespaces,
    ...named,
    ...(notAfter === undefined ? {} : { notAfter }),
  });
  return { lines: [`${keyId} now speaks for ${namespaces.join(', ')}${termOf(body)}.`], json: body };
});

/** Since when, and from where in the log. */
const revokedCell = (row: JsonObject): string | null => {
  const revocation = objectOf(row['revocation']);
  if (revocation === undefined) return null;
  const { at, from } = revocation;
  return `${String(at)} ${typeof from === 'number' ? `from ${from}` : String(from)}`;
};

const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/keys');
  const columns = ['keyId', 'account', 'status', 'revoked', 'namespaces', 'notAfter', 'fingerprint'];
  const rows = rowsAt(body, 'keys').map((row) => ({ ...row, revoked: revokedCell(row) }));
  return { lines: table(columns, rows), json: body };
});

/** Where in the log belief ends. */
const placeOption = (text: string): 'now' | 'ever' | number => {
  if (text === 'now' || text === 'ever') return text;
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new InvalidArgumentError('It is now, ever, or a position.');
  return Number(text);
};

interface RevokeOptions {
  readonly keyId: string;
  readonly reason: string;
  readonly from: 'now' | 'ever' | number;
}

const revokedLine = (body: JsonObject): string => {
  const from = objectOf(body['revocation'])?.['from'];
  if (from === 'ever') return 'Nothing it signed is believed.';
  if (typeof from === 'number') return `What the log holds before position ${from} stays good.`;
  return 'What was published until now stays good; the log is about to say from where on it is not.';
};

const revoke = acting<RevokeOptions>(async (settings, { keyId, reason, from }) => {
  const path = `/access/keys/${encodeURIComponent(keyId)}/revoke`;
  const { body } = await registryOf(settings).ask('POST', path, { reason, from });
  return { lines: [`Revoked the key ${keyId}. ${revokedLine(body)}`], json: body };
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
      .option('--key-id <id>', 'what the key is called; default: the name of its file')
      .option('--key <file>', 'your private key: it proves that you hold it, and stays on this machine')
      .option('--public <file>', 'the public key of somebody else (for the operator)')
      .option('--namespaces <patterns>', 'names it may sign for, separated by commas (required)', listed)
      .option('--not-after <instant>', 'as in 2027-01-31T00:00:00Z; default: two years on'),
    ADD_EXAMPLE,
  ).action(add);
  example(keys.command('list').description('list all keys and how they stand'), 'attestry keys list').action(
    list,
  );
  example(
    keys
      .command('revoke')
      .description('take a key back: it signs nothing more, and what it signed before is kept or not')
      .requiredOption('--key-id <id>', 'what the key is called')
      .requiredOption('--reason <text>', 'why, for the record')
      .option(
        '--from <place>',
        'now, ever, or the first log position that is not believed',
        placeOption,
        'now',
      ),
    'attestry keys revoke --key-id acme-1 --reason "stolen laptop"',
  ).action(revoke);
};
