// Establishes what a new registry stands on, and refuses to run on keys that its root does not name.
import { encodeHex } from '../../keys/bytes.ts';
import { instantOf } from '../../keys/document.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { formatPublicKeyHex, vkeyOf } from '../../keys/key.ts';
import { ROOT_PAYLOAD_TYPE, type Root, rootPayload, verifyFirstRoot } from '../../keys/root.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { EventFacts } from '../protocol/event.ts';
import { insertRoot, lockTrust, rootAt } from './delegation-store.ts';
import { loadOnlineKeys, makeServiceKeys, type OnlineKeys, type ServiceKeys } from './service-keys.ts';

export interface TrustDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Where the registry's own keys lie. */
  readonly keyFolder: string;
  /** A scheme-less URL by which others tell this registry apart; a name made from the root key where undefined. */
  readonly origin: string | undefined;
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
}

/** The keys at hand are not those of this database: starting would make a second registry out of one. */
export class ForeignKeys extends Error {
  override readonly name = 'ForeignKeys';
  readonly cure =
    'Start with the data directory that holds its keys (ATTESTRY_DATA_DIR), or with an empty database.';
}

const ROOT_LIFETIME_MS = 5 * 365 * 24 * 60 * 60 * 1_000;

const firstRoot = ({ root, registrar, log }: ServiceKeys, now: Date, origin: string): Root => ({
  version: 1,
  issuedAt: instantOf(now),
  expires: instantOf(new Date(now.getTime() + ROOT_LIFETIME_MS)),
  registry: origin,
  threshold: 1,
  keys: [root],
  registrar: { threshold: 1, keys: [registrar] },
  log: { origin, vkey: vkeyOf(origin, log.publicKey) },
});

const originFrom = ({ root }: ServiceKeys): string =>
  `attestry.local/${encodeHex(root.publicKey.subarray(0, 6))}`;

/** Whichever of several processes that start at once comes first publishes its root; the others find it. */
const publishFirstRoot = async (the: TrustDeps): Promise<string> => {
  const keys = await makeServiceKeys(the.keyFolder);
  const root = firstRoot(keys, the.now(), the.origin ?? originFrom(keys));
  const signed = await signEnvelope({ payloadType: ROOT_PAYLOAD_TYPE, payload: rootPayload(root) }, [
    keys.root,
  ]);
  const envelope = envelopeText(signed);
  return inTransaction(the.sql, async (tx) => {
    await lockTrust(tx);
    const published = await rootAt(tx, 'latest');
    if (published !== undefined) return published;
    await insertRoot(tx, root.version, envelope);
    const facts = { actor: 'registry', subject: 'root:1', data: { envelope } };
    await the.append(tx, { kind: 'root.published', ...facts });
    return envelope;
  });
};

const isNamed = (root: Root, { registrar, log }: OnlineKeys): boolean =>
  root.registrar.keys.some(
    ({ publicKey }) => formatPublicKeyHex(publicKey) === formatPublicKeyHex(registrar.publicKey),
  ) && formatPublicKeyHex(root.log.vkey.publicKey) === formatPublicKeyHex(log.publicKey);

/**
 * The keys with which this registry signs from day to day, as its root names them.
 * @throws ForeignKeys
 */
export const establishTrust = async (the: TrustDeps): Promise<OnlineKeys> => {
  const envelope = (await rootAt(the.sql, 'latest')) ?? (await publishFirstRoot(the));
  const root = verifyFirstRoot(parseEnvelope(envelope));
  const keys = await loadOnlineKeys(the.keyFolder);
  if (keys !== undefined && isNamed(root, keys)) return keys;
  const found = keys === undefined ? `has no keys in ${the.keyFolder}` : 'has other keys there';
  throw new ForeignKeys(
    `The database belongs to the registry "${root.registry}", but this process ${found}.`,
  );
};
