// Damage to roots, keys, lists and accounts: each kind is found and named.
import { describe } from 'vitest';
import {
  DELEGATION_PAYLOAD_TYPE,
  type Delegation,
  delegationPayload,
  parseDelegation,
} from '../../keys/delegation.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, vkeyOf } from '../../keys/key.ts';
import { KEYRING_PAYLOAD_TYPE, keyringPayload } from '../../keys/keyring.ts';
import { REVOCATION_PAYLOAD_TYPE, revocationPayload } from '../../keys/revocation.ts';
import { ROOT_PAYLOAD_TYPE, rootPayload } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { WITHDRAWALS_PAYLOAD_TYPE, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { allDelegations, insertRoot, markKeyRevoked } from '../../src/access/delegation-store.ts';
import { type IssuedTable, insertIssued } from '../../src/access/issued-store.ts';
import { statementOf } from '../../src/access/listed-key.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { withdrawnNow } from '../../src/packs/lifecycle/lifecycle-store.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type Corruption, plant, resignedByStranger, run, showsItsShare, stranger } from './corruption.ts';
import { firstRoot, ORIGIN, publisher, signers, type UpkeepWorld } from './upkeep-world.ts';

const envelopeIn = async (world: UpkeepWorld, table: string): Promise<string> => {
  const [row] = await world.sql<{ envelope: string }[]>`select envelope from ${world.sql(table)}`;
  if (row === undefined) throw new Error(`${table} is empty`);
  return row.envelope;
};

const resign = (table: string) => async (world: UpkeepWorld) => {
  const envelope = await resignedByStranger(await envelopeIn(world, table));
  await world.sql`update ${world.sql(table)} set envelope = ${envelope}`;
};

const append = appendEvent({ now: () => new Date() });

const signed = async (payloadType: string, payload: Uint8Array, signer: Signer): Promise<string> =>
  envelopeText(await signEnvelope({ payloadType, payload }, [signer]));

/** Delegates the key of the publisher anew, in the row alone. */
const delegateFor = (change: Partial<Delegation>) => async (world: UpkeepWorld) => {
  const delegation = parseDelegation(parseEnvelope(await envelopeIn(world, 'delegations')).payload);
  const payload = delegationPayload({ ...delegation, ...change });
  const envelope = await signed(DELEGATION_PAYLOAD_TYPE, payload, signers.registrar);
  await world.sql`update delegations set envelope = ${envelope}`;
};

/** Takes the publisher's key back, with an event; whoever it is that states it. */
const revokedBy = (signer: Signer | undefined) => async (world: UpkeepWorld) => {
  const [keyId, reason] = [parseKeyId(publisher.keyId), 'stolen'];
  const payload = revocationPayload({ keyId, reason, fromPosition: null, issuedAt: LONG_AGO });
  const statement = signer === undefined ? null : await signed(REVOCATION_PAYLOAD_TYPE, payload, signer);
  await inTransaction(world.sql, async (tx) => {
    const { id } = await append(tx, {
      kind: 'key.revoked',
      actor: 'account:operator',
      subject: `key:${keyId}`,
      data: { keyId, reason, from: 'ever' },
    });
    await markKeyRevoked(tx, keyId, { at: new Date(), from: 'ever', reason, event: id, statement });
  });
};

const LONG_AGO = '2020-01-01T00:00:00Z';
const EXPIRED = { version: 9, issuedAt: LONG_AGO, expires: '2020-02-01T00:00:00Z', treeSize: 0 };

const insertList = async ({ sql }: UpkeepWorld, table: IssuedTable, envelope: string) =>
  inTransaction(sql, (tx) => insertIssued(tx, table, { version: 9, envelope, issued_at: new Date() }));

/** Says what is in force, and was not issued again for years. */
const expireKeyring = async (world: UpkeepWorld) => {
  const delegations = (await allDelegations(world.sql)).map(statementOf);
  const payload = keyringPayload({ ...EXPIRED, delegations, revocations: [] });
  await insertList(world, 'keyrings', await signed(KEYRING_PAYLOAD_TYPE, payload, signers.registrar));
};

const expireWithdrawals = async (world: UpkeepWorld) => {
  const withdrawn = await withdrawnNow(world.sql);
  const payload = withdrawalsPayload({ ...EXPIRED, withdrawn });
  await insertList(world, 'withdrawals', await signed(WITHDRAWALS_PAYLOAD_TYPE, payload, signers.registrar));
};

/** The next root, with an event, which names another key of the log. */
const renewLogKey = async ({ sql }: UpkeepWorld) => {
  const root = {
    ...firstRoot(),
    version: 2,
    log: { origin: ORIGIN, vkey: vkeyOf(ORIGIN, stranger.publicKey) },
  };
  const envelope = await signed(ROOT_PAYLOAD_TYPE, rootPayload(root), signers.root);
  await inTransaction(sql, async (tx) => {
    await insertRoot(tx, 2, envelope);
    await append(tx, { kind: 'root.published', actor: 'registry', subject: 'root:2', data: { envelope } });
  });
};

const emptyKeyringBy = (signer: Signer) => async (world: UpkeepWorld) => {
  const empty = {
    version: 9,
    issuedAt: '2026-01-01T00:00:00Z',
    expires: '2031-01-01T00:00:00Z',
    treeSize: 0,
  };
  const payload = keyringPayload({ ...empty, delegations: [], revocations: [] });
  const envelope = envelopeText(await signEnvelope({ payloadType: KEYRING_PAYLOAD_TYPE, payload }, [signer]));
  const row = { version: 9, envelope, issued_at: new Date() };
  await inTransaction(world.sql, (tx) => insertIssued(tx, 'keyrings', row));
};

const CORRUPTIONS: readonly Corruption[] = [
  {
    name: 'a root that nobody signed',
    spoil: resign('roots'),
    // Whatever stands on it cannot be believed either.
    found: [
      'checkpoint_invalid',
      'delegation_invalid',
      'published_foreign',
      'root_event_differs',
      'root_invalid',
    ],
  },
  {
    name: 'a chain of roots with a gap',
    spoil: (world) => run(world, 'insert into roots (version, envelope) select 3, envelope from roots'),
    found: ['root_event_differs', 'root_missing'],
  },
  {
    name: 'a delegation that a stranger signed',
    spoil: resign('delegations'),
    found: ['delegation_invalid'],
  },
  {
    name: 'a key that speaks for more than its delegation says',
    spoil: (world) => run(world, "update delegations set namespaces = '{core.*}'"),
    found: ['delegation_differs'],
  },
  {
    name: 'a key of another account',
    spoil: (world) => run(world, "update delegations set account = 'filler-1'"),
    found: ['delegation_differs'],
  },
  {
    name: 'a delegation without an event',
    spoil: (world) =>
      run(
        world,
        `insert into delegations (key_id, account, public_key, namespaces, not_before, not_after, issued_at, envelope)
           select 'sneaked-1', account, sha256('x'), namespaces, not_before, not_after, issued_at, envelope
           from delegations`,
      ),
    found: ['delegation_differs', 'delegation_without_event', 'keyring_stale'],
  },
  {
    name: 'an event whose delegation is gone',
    spoil: (world) => run(world, 'delete from delegations'),
    found: ['event_without_delegation', 'key_unknown', 'keyring_stale'],
  },
  {
    name: 'a revocation that no event tells of',
    spoil: (world) =>
      run(
        world,
        `update delegations set revoked_at = now(), revoked_from = 'ever', revocation_reason = 'x',
           revocation_event = 'no-such-event'`,
      ),
    found: ['revocation_differs'],
  },
  {
    name: 'a key that was not in force when a version was published',
    spoil: delegateFor({ notBefore: LONG_AGO, notAfter: '2020-02-01T00:00:00Z' }),
    found: ['delegation_differs', 'key_not_in_force', 'keyring_stale'],
  },
  {
    name: 'a revocation that a stranger signed',
    spoil: revokedBy(stranger),
    found: ['keyring_stale', 'revocation_invalid'],
  },
  {
    name: 'an event by which a key follows another that it does not follow',
    spoil: ({ sql }) =>
      inTransaction(sql, (tx) =>
        append(tx, { kind: 'key.rotated', actor: 'account:operator', subject: 'key:acme-1', data: {} }),
      ),
    found: ['rotation_differs'],
  },
  {
    name: 'a revocation that waits for its statement',
    spoil: revokedBy(undefined),
    found: [],
    notes: ['revocation_pending'],
  },
  {
    name: 'a head that an earlier key of the log has signed',
    spoil: renewLogKey,
    found: [],
    notes: ['checkpoint_old_key'],
  },
  { name: 'a keyring that has expired', spoil: expireKeyring, found: [], notes: ['keyring_expired'] },
  {
    name: 'a list of withdrawals that has expired',
    spoil: expireWithdrawals,
    found: [],
    notes: ['withdrawals_expired'],
  },
  {
    name: 'no list of withdrawals',
    spoil: (world) => run(world, 'delete from withdrawals'),
    found: [],
    notes: ['withdrawals_missing'],
  },
  { name: 'no keyring', spoil: (world) => run(world, 'delete from keyrings'), found: ['keyring_missing'] },
  {
    name: 'a keyring that does not say what is in force',
    spoil: emptyKeyringBy(signers.registrar),
    found: ['keyring_stale'],
  },
  {
    name: 'a keyring by a foreign registrar',
    spoil: emptyKeyringBy(stranger),
    found: ['keyring_invalid'],
  },
  {
    name: 'a list of withdrawals by a foreign registrar',
    spoil: resign('withdrawals'),
    found: ['withdrawals_invalid'],
  },
  {
    name: 'a namespace that no event claimed',
    spoil: (world) =>
      run(
        world,
        "insert into namespace_claims (namespace, account, claimed_at) values ('vendor.sneaked', 'operator', now())",
      ),
    found: ['claim_without_event'],
  },
  {
    name: 'a namespace in other hands than its event says',
    spoil: (world) => run(world, "update namespace_claims set account = 'filler-1'"),
    found: ['claim_differs'],
  },
  {
    name: 'a claim whose row is gone',
    spoil: (world) => run(world, 'delete from namespace_claims'),
    found: ['event_without_claim'],
  },
  {
    name: 'an account that no event created',
    spoil: (world) => run(world, "insert into accounts (name, created_at) values ('sneaked', now())"),
    found: ['account_without_event'],
  },
  {
    name: 'an account whose row is gone',
    spoil: (world) => run(world, "delete from accounts where name = 'filler-1'"),
    found: ['event_without_account'],
  },
  {
    name: 'a token with more scopes than it was given',
    spoil: (world) => run(world, "update tokens set scopes = scopes || '{everything}'"),
    found: ['token_differs'],
  },
  {
    name: 'a token that nobody gave out',
    spoil: (world) =>
      run(
        world,
        `insert into tokens (id, secret_hash, account, scopes, created_at)
           values ('tok_sneaked', sha256('x'), 'operator', '{admin}', now())`,
      ),
    found: ['token_without_event'],
  },
  {
    name: 'a token whose row is gone',
    spoil: (world) => run(world, 'delete from tokens'),
    found: ['event_without_token'],
  },
];

describe('a check of the registry finds', () => plant(CORRUPTIONS));

describe('the table above', () => showsItsShare('trust', CORRUPTIONS));
