// Damage to roots, keys, lists and accounts: each kind is found and named.
import { describe } from 'vitest';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { KEYRING_PAYLOAD_TYPE, keyringPayload } from '../../keys/keyring.ts';
import type { Signer } from '../../keys/signer.ts';
import { insertIssued } from '../../src/access/issued-store.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { plant, resignedByStranger, run, stranger } from './corruption.ts';
import { signers, type UpkeepWorld } from './upkeep-world.ts';

const envelopeIn = async (world: UpkeepWorld, table: string): Promise<string> => {
  const [row] = await world.sql<{ envelope: string }[]>`select envelope from ${world.sql(table)}`;
  if (row === undefined) throw new Error(`${table} is empty`);
  return row.envelope;
};

const resign = (table: string) => async (world: UpkeepWorld) => {
  const envelope = await resignedByStranger(await envelopeIn(world, table));
  await world.sql`update ${world.sql(table)} set envelope = ${envelope}`;
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

describe('a check of the registry finds', () => {
  plant([
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
  ]);
});
