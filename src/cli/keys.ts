// attestry keys: which public keys speak for which names.
import type { JsonObject } from '../../keys/canonical.ts';
import { formatPublicKeyPem, type KeyId } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { objectOf, textOf } from '../protocol/manifest/read.ts';
import { type Registry, registryOf } from './ask.ts';
import { acting } from './command.ts';
import { UsageError } from './failure.ts';
import { keyIdFor, readKeyId } from './key-name.ts';
import { readPublicKeyFile } from './public-key-file.ts';
import { rowsAt, table } from './table.ts';

interface AddOptions {
  readonly keyId?: string;
  readonly key?: string;
  readonly public?: string;
  readonly namespaces?: readonly string[];
  readonly notAfter?: string;
}

/** Versions of bases name the key that signed them, and a key is listed once: under another id it is of no use for them. */
const requireOwnName = (
  { keyId, public: file }: AddOptions,
  named: KeyId,
  namespaces: readonly string[],
): void => {
  if (file === undefined || keyId !== undefined || named.startsWith('kb.')) return;
  if (!namespaces.some((pattern) => pattern.startsWith('kb:'))) return;
  throw new UsageError(
    'Say with --key-id what the key is called where it signs, as in kb.acme.example.e76aae26: that cannot be changed later.',
  );
};

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

export const add = acting<AddOptions>(async (settings, options) => {
  const { key, public: publicFile, namespaces, notAfter } = options;
  const registry = registryOf(settings);
  if ((key === undefined) === (publicFile === undefined))
    throw new UsageError('Give either --key, the private key you hold, or (as the operator) --public.');
  if (namespaces === undefined)
    throw new UsageError('Say which names it may sign for, as in --namespaces vendor.acme.*');
  const keyId = keyIdFor(key ?? publicFile ?? '', options.keyId);
  requireOwnName(options, keyId, namespaces);
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

export const list = acting(async (settings) => {
  const { body } = await registryOf(settings).ask('GET', '/access/keys');
  const columns = ['keyId', 'account', 'status', 'revoked', 'namespaces', 'notAfter', 'fingerprint'];
  const rows = rowsAt(body, 'keys').map((row) => ({ ...row, revoked: revokedCell(row) }));
  return { lines: table(columns, rows), json: body };
});

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

export const revoke = acting<RevokeOptions>(async (settings, { keyId, reason, from }) => {
  const path = `/access/keys/${encodeURIComponent(readKeyId(keyId))}/revoke`;
  const { body } = await registryOf(settings).ask('POST', path, { reason, from });
  return { lines: [`Revoked the key ${keyId}. ${revokedLine(body)}`], json: body };
});
