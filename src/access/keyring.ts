// Issues the keyring: every delegation and revocation in force, signed anew at each change and before it grows old.

import { instantOf } from '../../keys/document.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { KEYRING_PAYLOAD_TYPE, type Keyring, keyringPayload, parseKeyring } from '../../keys/keyring.ts';
import { parseRevocation, type Revocation } from '../../keys/revocation.ts';
import type { Signer } from '../../keys/signer.ts';
import type { Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import {
  allDelegations,
  type DelegationRow,
  dropKeyringsBelow,
  insertKeyring,
  type KeyringRow,
  latestKeyring,
  lockTrust,
} from './delegation-store.ts';
import { statementOf } from './delegations.ts';

export interface KeyringDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly registrar: Signer;
}

/** Short, so that a mirror that withholds a revocation is found out within days. */
const LIFETIME_MS = 7 * 24 * 60 * 60 * 1_000;
const ATTEMPTS = 8;

const revocationOf = (row: DelegationRow): Revocation[] =>
  row.revocation === null ? [] : [parseRevocation(parseEnvelope(row.revocation).payload)];

const contentOf = (rows: readonly DelegationRow[]) => ({
  delegations: rows.map(statementOf),
  revocations: rows.flatMap(revocationOf),
});

const next = (latest: KeyringRow | undefined, rows: readonly DelegationRow[], now: Date): Keyring => ({
  version: (latest?.version ?? 0) + 1,
  issuedAt: instantOf(now),
  expires: instantOf(new Date(now.getTime() + LIFETIME_MS)),
  treeSize: 0,
  ...contentOf(rows),
});

const sameContent = (keyring: Keyring, wanted: Keyring): boolean => {
  const { delegations, revocations } = keyring;
  return (
    Buffer.compare(keyringPayload({ ...wanted, delegations, revocations }), keyringPayload(wanted)) === 0
  );
};

/** Whether the latest keyring says what is in force, and has more than half of its life before it. */
const isCurrent = (latest: KeyringRow | undefined, wanted: Keyring, now: Date): boolean =>
  latest !== undefined &&
  now.getTime() - latest.issued_at.getTime() < LIFETIME_MS / 2 &&
  sameContent(parseKeyring(parseEnvelope(latest.envelope).payload), wanted);

/** False where another process issued one meanwhile. */
const store = (sql: Sql, row: KeyringRow): Promise<boolean> =>
  inTransaction(sql, async (tx) => {
    await lockTrust(tx);
    if (((await latestKeyring(tx))?.version ?? 0) !== row.version - 1) return false;
    await insertKeyring(tx, row);
    await dropKeyringsBelow(tx, row.version);
    return true;
  });

const attempt = async (the: KeyringDeps): Promise<boolean> => {
  const now = the.now();
  const latest = await latestKeyring(the.sql);
  const keyring = next(latest, await allDelegations(the.sql), now);
  if (isCurrent(latest, keyring, now)) return true;
  const signed = await signEnvelope({ payloadType: KEYRING_PAYLOAD_TYPE, payload: keyringPayload(keyring) }, [
    the.registrar,
  ]);
  return store(the.sql, { version: keyring.version, envelope: envelopeText(signed), issued_at: now });
};

/** Signs outside the transaction, since a signer may be far away; the version number decides between processes. */
export const reissueKeyring = (the: KeyringDeps) => async (): Promise<void> => {
  for (let tries = 0; tries < ATTEMPTS; tries += 1) if (await attempt(the)) return;
  throw new Error('the keyring kept changing under our hands');
};
