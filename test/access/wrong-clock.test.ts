// A clock that is wrong signs nothing, and what one has signed before is signed anew by the right one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseKeyring } from '../../keys/keyring.ts';
import { delegateKey } from '../../src/access/delegate-key.ts';
import { latestIssued } from '../../src/access/issued-store.ts';
import { type Principal, SCOPES } from '../../src/access/principal.ts';
import { publishRoot } from '../../src/access/publish-root.ts';
import { revokeKey } from '../../src/access/revoke-key.ts';
import { requireTrueTime } from '../../src/access/true-time.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { createPublisher } from '../world/publisher.ts';
import { type RevokingClock, revokeDeps } from './revoking.ts';
import { ownRootKey, signedRootText, successor } from './root-world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const OPERATOR: Principal = { tokenId: 'tok_clock', account: 'operator', scopes: SCOPES, namespaces: null };

let database: OwnDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await ownDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'attestry-clock-'));
  await database.sql`insert into accounts (name, created_at) values ('operator', now())`;
  await database.sql`
    insert into tokens (id, secret_hash, account, scopes, created_at)
    values (${OPERATOR.tokenId}, ${Buffer.alloc(32, 1)}, 'operator', ${[...SCOPES]}, now())`;
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const off =
  (ms: number): (() => Date) =>
  () =>
    new Date(Date.now() + ms);

/** A process whose clock is off by so much, and which holds it against the database's. */
const processOff = (ms: number) => {
  const now = off(ms);
  const clock: RevokingClock = { now, requireTrueTime: requireTrueTime({ sql: database.sql, now }) };
  return revokeDeps(database.sql, join(dataDir, 'keys'), async () => 7, 20, clock);
};

/** One that nobody holds its clock against. */
const processAt = (ms: number) =>
  revokeDeps(database.sql, join(dataDir, 'keys'), async () => 7, 20, { now: off(ms) });

const key = (keyId: string) => ({
  keyId,
  publicKey: createPublisher(keyId).publicKeyPem,
  namespaces: ['vendor.acme.*'],
  notAfter: null,
  proof: null,
});

const everything = async () => [
  await database.sql`select * from delegations order by key_id`,
  await database.sql`select version from roots`,
  await database.sql`select * from keyrings`,
  (await database.sql`select 1 from events`).length,
];

describe('a process whose clock is off', () => {
  it.each([DAY_MS, -DAY_MS, 6 * MINUTE_MS, -6 * MINUTE_MS])(
    'by %i ms begins no registry, and nothing is stored',
    async (ms) => {
      const before = await everything();
      await expect(processOff(ms)).rejects.toMatchObject({ name: 'ClockAstray' });
      expect(await everything()).toEqual(before);
    },
  );

  it('by a few minutes signs as ever', async () => {
    for (const ms of [4 * MINUTE_MS, -4 * MINUTE_MS]) {
      const { keyId } = await delegateKey(await processOff(ms))(OPERATOR, key(`near${ms}`));
      expect(keyId).toBe(`near${ms}`);
    }
  });

  it.each([DAY_MS, -DAY_MS])('by %i ms signs no key, no list and no root', async (ms) => {
    const right = await processOff(0);
    await right.reissueKeyring();
    const wrong = await processOff(ms);
    const root = successor(right.trust.inForce().root, { expires: '2060-01-01T00:00:00Z' });
    const given = JSON.parse(await signedRootText(root, [await ownRootKey(dataDir)]));
    const rooting = { ...wrong, lists: [], keyFolder: join(dataDir, 'keys') };
    // Leaves the list to be issued by whoever comes first.
    await database.sql`update keyrings set issued_at = issued_at - interval '6 days'`;
    const before = await everything();
    for (const act of [
      () => delegateKey(wrong)(OPERATOR, key(`late${ms}`)),
      () => wrong.reissueKeyring(),
      () => publishRoot(rooting)(OPERATOR, given),
    ])
      await expect(act()).rejects.toMatchObject({ name: 'ClockAstray' });
    expect(await everything()).toEqual(before);
  });
});

describe('a key that is taken back while the clock is off', () => {
  it('is refused from then on, and the list follows when the clock is right', async () => {
    await delegateKey(await processOff(0))(OPERATOR, key('stolen-1'));
    const wrong = await processOff(DAY_MS);
    const asked = revokeKey(wrong)(OPERATOR, { keyId: 'stolen-1', reason: 'stolen', from: 'here' });
    await expect(asked).rejects.toMatchObject({ name: 'ClockAstray' });
    const [row] = await database.sql`select key_in_force('stolen-1', now()) as ok`;
    expect(row?.['ok']).toBe(false);
    await (await processOff(0)).keep();
    const issued = await latestIssued(database.sql, 'keyrings');
    const { revocations } = parseKeyring(parseEnvelope(issued?.envelope).payload);
    expect(revocations.map(({ keyId }) => keyId)).toContain('stolen-1');
  });
});

describe('a list that a clock ahead has signed', () => {
  const newest = async () => {
    const row = await latestIssued(database.sql, 'keyrings');
    return parseKeyring(parseEnvelope(row?.envelope).payload);
  };

  it('is signed anew by the right clock, since it would look young for as long', async () => {
    await (await processAt(0)).reissueKeyring();
    await (await processAt(30 * DAY_MS)).reissueKeyring();
    const ahead = await newest();
    expect(Date.parse(ahead.issuedAt)).toBeGreaterThan(Date.now() + 29 * DAY_MS);
    await (await processAt(0)).reissueKeyring();
    const right = await newest();
    expect(right.version).toBe(ahead.version + 1);
    expect(Math.abs(Date.parse(right.issuedAt) - Date.now())).toBeLessThan(MINUTE_MS);
  });

  it('a few minutes ahead stands: no two clocks agree quite', async () => {
    await (await processAt(4 * DAY_MS)).reissueKeyring();
    const { version } = await newest();
    await (await processAt(4 * DAY_MS - 4 * MINUTE_MS)).reissueKeyring();
    expect((await newest()).version).toBe(version);
  });
});
