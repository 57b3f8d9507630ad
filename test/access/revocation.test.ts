// Taking a key back: at once for what is signed next, and in the log from one position on.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { type Keyring, parseKeyring, standing } from '../../keys/keyring.ts';
import { delegateKey } from '../../src/access/delegate-key.ts';
import { delegationOf } from '../../src/access/delegation-store.ts';
import { latestIssued } from '../../src/access/issued-store.ts';
import type { Principal } from '../../src/access/principal.ts';
import { revokeKey } from '../../src/access/revoke-key.ts';
import type { RevokedFrom } from '../../src/access/revoked-from.ts';
import { bundled } from '../world/bundled.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { createPublisher } from '../world/publisher.ts';
import { ROOT } from '../world/source.ts';
import { REVOKE_STEPS, type Revoking, revokeDeps, type SealedPosition } from './revoking.ts';

const OPERATOR: Principal = {
  tokenId: 'tok_test',
  account: 'operator',
  scopes: ['admin', 'keys:manage'],
  namespaces: null,
};
const CHILD = fileURLToPath(new URL('./revoking-process.ts', import.meta.url));

let database: OwnDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await ownDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'attestry-revoke-'));
  await database.sql`insert into accounts (name, created_at) values ('operator', now())`;
  await database.sql`
    insert into tokens (id, secret_hash, account, scopes, created_at)
    values (${OPERATOR.tokenId}, ${randomBytes(32)}, 'operator', ${[...OPERATOR.scopes]}, now())`;
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const processWith = (sealed: SealedPosition): Promise<Revoking> =>
  revokeDeps(database.sql, join(dataDir, 'keys'), sealed);

const SEALED_AT_7: SealedPosition = async () => 7;
const NOT_SEALED: SealedPosition = async () => undefined;

const newKey = async (keyId: string, namespaces = ['vendor.acme.*']): Promise<void> => {
  const request = { keyId, publicKey: createPublisher(keyId).publicKeyPem, namespaces };
  await delegateKey(await processWith(NOT_SEALED))(OPERATOR, { ...request, notAfter: null, proof: null });
};

const revoke = async (deps: Revoking, keyId: string, from: RevokedFrom, reason = 'stolen') =>
  (await revokeKey(deps)(OPERATOR, { keyId, reason, from })).revocation;

const keyring = async (): Promise<Keyring> => {
  const row = await latestIssued(database.sql, 'keyrings');
  return parseKeyring(parseEnvelope(row?.envelope).payload);
};

const inKeyring = async (keyId: string) =>
  (await keyring()).revocations.filter((each) => each.keyId === keyId).map((each) => each.fromPosition);

const eventsOf = (keyId: string) => database.sql<{ leaf: Buffer; sealed: Buffer | null }[]>`
  select leaf, sealed from events where kind = 'key.revoked' and subject = ${`key:${keyId}`}`;

const everything = async () => [
  await database.sql`select * from delegations order by key_id`,
  await database.sql`select * from keyrings`,
  (await database.sql`select 1 from events`).length,
];

describe('a key that is taken back', () => {
  it('from now on is not believed from the place of that very event, and what lies before stays good', async () => {
    await newKey('now-1');
    const asked: string[] = [];
    const deps = await processWith(async (eventId) => {
      asked.push(eventId);
      return 7;
    });
    expect(await revoke(deps, 'now-1', 'here')).toMatchObject({ reason: 'stolen', from: 7 });
    const { revocation_event } = (await delegationOf(database.sql, 'now-1')) ?? {};
    expect(asked).toEqual([revocation_event]);
    const ring = await keyring();
    expect(ring.treeSize).toBe(20);
    const at = { now: new Date() };
    expect(standing(ring, 'now-1', { ...at, position: 6 })).toBe('active');
    expect(standing(ring, 'now-1', { ...at, position: 7 })).toBe('revoked');
    expect(standing(ring, 'now-1', at)).toBe('revoked');
    const [event] = await eventsOf('now-1');
    const data = { from: 'here', keyId: 'now-1', reason: 'stolen' };
    expect(JSON.parse(String(event?.leaf))).toMatchObject({ kind: 'key.revoked', data });
  });

  it.each([
    ['ever', null, 'ever'],
    [3, 3, 3],
    [20, 20, 20],
    [0, 0, 0],
  ] as const)('from %s is so at once, without waiting for the log', async (from, stated, listed) => {
    const keyId = `at-once-${from}`;
    await newKey(keyId);
    expect(await revoke(await processWith(NOT_SEALED), keyId, from)).toMatchObject({ from: listed });
    expect(await inKeyring(keyId)).toEqual([stated]);
  });

  it('from a position that the log has not reached is refused, and nothing is stored', async () => {
    await newKey('beyond-1');
    const before = await everything();
    const asked = revoke(await processWith(SEALED_AT_7), 'beyond-1', 21);
    await expect(asked).rejects.toMatchObject({
      code: 'validation_error',
      details: { treeSize: 20, found: 21 },
    });
    expect(await everything()).toEqual(before);
  });

  it.each([
    ['no reason', 'now-2', ''],
    ['a reason of several lines', 'now-2', 'stolen\nagain'],
    ['a reason that is too long', 'now-2', 'x'.repeat(513)],
  ])('with %s is refused, and nothing is stored', async (_, keyId, reason) => {
    if ((await delegationOf(database.sql, keyId)) === undefined) await newKey(keyId);
    const before = await everything();
    const asked = revoke(await processWith(SEALED_AT_7), keyId, 'here', reason);
    await expect(asked).rejects.toMatchObject({ code: 'validation_error' });
    expect(await everything()).toEqual(before);
  });

  it('of a private namespace enters the log as a commitment only', async () => {
    await newKey('secret-1', ['private.host.*']);
    await revoke(await processWith(SEALED_AT_7), 'secret-1', 'here');
    const [event] = await eventsOf('secret-1');
    expect(JSON.parse(String(event?.leaf))).toMatchObject({ kind: 'sealed' });
    expect(String(event?.leaf)).not.toContain('stolen');
    expect(JSON.parse(String(event?.sealed))).toMatchObject({ data: { reason: 'stolen' } });
  });

  it('again, in whatever words, is one event and one statement', async () => {
    await newKey('again-1');
    const deps = await processWith(SEALED_AT_7);
    const first = await revoke(deps, 'again-1', 'here');
    const before = await everything();
    for (const from of ['here', 7, 19] as const)
      expect(await revoke(deps, 'again-1', from, 'another reason')).toEqual(first);
    expect(await everything()).toEqual(before);
  });

  it('later from an earlier position is revoked since the same time, and from there; never from a later one', async () => {
    await newKey('older-theft-1');
    const deps = await processWith(SEALED_AT_7);
    const first = await revoke(deps, 'older-theft-1', 'here');
    expect(await revoke(deps, 'older-theft-1', 4)).toMatchObject({ at: first?.at, from: 4 });
    expect(await inKeyring('older-theft-1')).toEqual([4]);
    expect(await revoke(deps, 'older-theft-1', 'ever')).toMatchObject({ at: first?.at, from: 'ever' });
    expect(await revoke(deps, 'older-theft-1', 0)).toMatchObject({ from: 'ever' });
    expect(await eventsOf('older-theft-1')).toHaveLength(3);
  });

  it('by many at once has one event and one statement', async () => {
    await newKey('contested-1');
    const deps = await processWith(SEALED_AT_7);
    const all = await Promise.all(Array.from({ length: 8 }, () => revoke(deps, 'contested-1', 'here')));
    expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(1);
    expect(await eventsOf('contested-1')).toHaveLength(1);
    expect(await inKeyring('contested-1')).toEqual([7]);
  });
});

describe('where the seal is late', () => {
  it('the key is refused at once and shown as pending, and the chore of any process completes it', async () => {
    await newKey('late-1');
    expect(await revoke(await processWith(NOT_SEALED), 'late-1', 'here')).toMatchObject({ from: 'pending' });
    const [{ in_force } = { in_force: true }] = await database.sql<{ in_force: boolean }[]>`
      select key_in_force('late-1', now()) as in_force`;
    expect(in_force).toBe(false);
    expect(await inKeyring('late-1')).toEqual([]);
    await (await processWith(NOT_SEALED)).keep();
    expect(await inKeyring('late-1')).toEqual([]);
    await (await processWith(async () => 11)).keep();
    expect(await inKeyring('late-1')).toEqual([11]);
    const before = await everything();
    await (await processWith(async () => 12)).keep();
    expect(await everything()).toEqual(before);
  });

  it('a known position waits for the chore, since nothing says which lies first; "ever" does not', async () => {
    await newKey('late-2');
    await revoke(await processWith(NOT_SEALED), 'late-2', 'here');
    expect(await revoke(await processWith(NOT_SEALED), 'late-2', 5)).toMatchObject({ from: 'pending' });
    expect(await revoke(await processWith(NOT_SEALED), 'late-2', 'ever')).toMatchObject({ from: 'ever' });
    await (await processWith(async () => 11)).keep();
    expect(await inKeyring('late-2')).toEqual([null]);
  });

  it('the keyring is kept young although one of them cannot be completed', async () => {
    await newKey('stuck-1');
    await revoke(await processWith(NOT_SEALED), 'stuck-1', 'here');
    const before = await keyring();
    await database.sql`update keyrings set issued_at = now() - interval '4 days'`;
    const broken = await processWith(() => Promise.reject(new Error('no answer')));
    await expect(broken.keep()).rejects.toThrow('no answer');
    expect((await keyring()).version).toBe(before.version + 1);
    await (await processWith(SEALED_AT_7)).keep();
    expect(await inKeyring('stuck-1')).toEqual([7]);
  });
});

describe('a process that is killed while it takes a key back', { timeout: 60_000 }, () => {
  const points = REVOKE_STEPS.flatMap((step) =>
    (['not done', 'done but unreported'] as const).map((flavour) => ({ step, flavour })),
  );
  it.each(points)(
    'at "$step", $flavour, leaves what the chore of another completes',
    async ({ step, flavour }) => {
      const keyId = `killed-${step}-${flavour.length}`;
      await newKey(keyId);
      const settings = JSON.stringify({ dataDir, databaseUrl: database.url, keyId, step, flavour });
      const child = spawn(process.execPath, [await bundled(CHILD), settings], {
        cwd: ROOT,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
      expect((await delegationOf(database.sql, keyId))?.revoked_at).not.toBeNull();
      await (await processWith(SEALED_AT_7)).keep();
      expect(await inKeyring(keyId)).toEqual([7]);
      expect(await eventsOf(keyId)).toHaveLength(1);
      expect(await revoke(await processWith(SEALED_AT_7), keyId, 'here')).toMatchObject({ from: 7 });
      expect(await eventsOf(keyId)).toHaveLength(1);
    },
  );
});
