// The audit of a log that nobody touched is valid; whatever was changed behind its back shows, and is never signed.

import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSeedFile } from '../../keys/signers/seed.ts';
import { type AuditKey, auditAdvert, openAuditKey } from '../../src/transparency/audit-chain/key.ts';
import { mintCheckpoints } from '../../src/transparency/audit-chain/mint.ts';
import { verifyAudit } from '../../src/transparency/audit-chain/verify.ts';
import { LogDamaged, readTile } from '../../src/transparency/log-tiles.ts';
import { type LogWorld, logWorld } from './log-world.ts';

const SIZE = 1_300;
let world: LogWorld;
let folder: string;
let key: AuditKey;
let warnings: string[] = [];
const warn = (sentence: string): void => void warnings.push(sentence);

beforeAll(async () => {
  world = await logWorld();
  folder = await mkdtemp(join(tmpdir(), 'attestry-audit-'));
  key = await openAuditKey(world.sql, folder, warn);
  const sealer = world.seal();
  await world.record(SIZE);
  await world.settled(sealer);
});
afterAll(async () => {
  await world.clear();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => world.sql`create table kept as select id, leaf from events`);
afterEach(async () => {
  await world.sql`update events set leaf = kept.leaf from kept where kept.id = events.id and kept.leaf <> events.leaf`;
  await world.sql`drop table kept`;
  await world.sql`truncate audit_checkpoints`;
});

const deps = () => ({
  sql: world.sql,
  now: () => new Date(),
  newestHead: world.head,
  readTile: readTile({ sql: world.sql, blobs: world.blobs }),
});
const mint = (signer = key.signer) => mintCheckpoints({ ...deps(), signer })();
const audit = (fromSeq: number, toSeq: number) =>
  verifyAudit({ ...deps(), publicKey: key.publicKey })({ fromSeq, toSeq });

/** Flips a bit of a stored event, past everything that is made for changing events. */
const flip = (position: number) => world.sql`
  update events set leaf = set_byte(leaf, 20, get_byte(leaf, 20) # 1)
  where id = (select event_id from leaves where position = ${position})`;

describe('an untouched log', () => {
  it('is valid over every range, with checkpoints that anybody can verify', async () => {
    await mint();
    const { checkpointPublicKey } = auditAdvert(key.publicKey).auditLogIntegrity;
    const spki = createPublicKey({
      key: Buffer.from(checkpointPublicKey, 'base64'),
      format: 'der',
      type: 'spki',
    });
    const verdict = await audit(0, 1_000_000);
    expect(verdict).toMatchObject({
      fromSeq: 0,
      toSeq: 1_000_000,
      chainValid: true,
      checkpointsValid: true,
      anomalies: [],
    });
    expect(verdict.checkpoints.map(({ atSequence }) => atSequence)).toEqual([1_000]);
    for (const { merkleRoot, signature } of verdict.checkpoints)
      expect(verify(null, Buffer.from(merkleRoot, 'hex'), spki, Buffer.from(signature, 'base64'))).toBe(true);
  });

  it.each([
    [0, 0, []],
    [5, 900, []],
    [990, 1_010, [1_000]],
    [1_001, 1_300, []],
    [2_000, 3_000, []],
  ] as const)('from %i to %i names only the checkpoints in there', async (from, to, expected) => {
    await mint();
    const verdict = await audit(from, to);
    expect(verdict.chainValid).toBe(true);
    expect(verdict.checkpoints.map(({ atSequence }) => atSequence)).toEqual(expected);
  });

  it('has one checkpoint for each stretch, whoever else makes them at the same time', async () => {
    await Promise.all([mint(), mint(), mint()]);
    expect((await audit(0, SIZE)).checkpoints.map(({ atSequence }) => atSequence)).toEqual([1_000]);
  });

  it('has none where nobody holds the key', async () => {
    await mintCheckpoints({ ...deps(), signer: undefined })();
    expect(await audit(0, SIZE)).toMatchObject({ checkpoints: [], chainValid: true });
  });

  it('is not walked for more entries than are walked at once', async () => {
    const far = { ...deps(), newestHead: async () => ({ size: 200_000, root: new Uint8Array(32) }) };
    const asked = verifyAudit({ ...far, publicKey: key.publicKey })({ fromSeq: 1, toSeq: 200_000 });
    await expect(asked).rejects.toMatchObject({ code: 'validation_error' });
  });
});

describe('what was changed behind its back shows:', () => {
  it('one bit of an entry below a checkpoint, by the hash that the next one carries', async () => {
    await mint();
    await flip(499);
    const { chainValid, checkpointsValid, anomalies } = await audit(0, SIZE);
    expect({ chainValid, checkpointsValid }).toEqual({ chainValid: false, checkpointsValid: true });
    expect(anomalies).toEqual([
      {
        atSeq: 501,
        expectedPrevHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        actualPrevHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
    expect((await audit(501, SIZE)).chainValid).toBe(true);
  });

  it('one bit of an entry that no checkpoint covers yet', async () => {
    await mint();
    await flip(1_100);
    expect((await audit(0, SIZE)).anomalies).toEqual([{ atSeq: 1_101, kind: 'hash-mismatch' }]);
  });

  it('one bit of an entry at the growing edge of the log', async () => {
    await mint();
    await flip(1_299);
    const { anomalies } = await audit(1_200, SIZE);
    expect(anomalies).toContainEqual({ atSeq: 1_300, kind: 'hash-mismatch' });
  });

  it('an entry that is gone', async () => {
    await mint();
    const [gone] = await world.sql<
      { event_id: string }[]
    >`delete from leaves where position = 10 returning event_id`;
    expect((await audit(0, 100)).anomalies).toEqual([{ atSeq: 11, kind: 'missing-entry' }]);
    await world.sql`insert into leaves (position, event_id) values (10, ${gone?.event_id ?? ''})`;
  });

  it('a chain that was made anew around it, by the root that was signed', async () => {
    await mint();
    await world.sql`update audit_checkpoints set entry_hashes = set_byte(entry_hashes, 5, get_byte(entry_hashes, 5) # 1)`;
    const { checkpointsValid, anomalies } = await audit(0, 2);
    expect(checkpointsValid).toBe(false);
    expect(anomalies).toContainEqual({ atSeq: 1_000, kind: 'merkle-mismatch', checkpoint: 'cp_1000' });
  });

  it('a root of somebody else', async () => {
    await mint();
    await world.sql`update audit_checkpoints set signature = set_byte(signature, 5, get_byte(signature, 5) # 1)`;
    const { anomalies, chainValid } = await audit(1_000, 1_000);
    expect(anomalies).toEqual([{ atSeq: 1_000, kind: 'signature-invalid', checkpoint: 'cp_1000' }]);
    expect(chainValid).toBe(false);
  });

  it('and is never signed', async () => {
    await flip(3);
    await expect(mint()).rejects.toBeInstanceOf(LogDamaged);
    expect((await audit(0, SIZE)).checkpoints).toEqual([]);
  });
});

describe('the key of the audit', () => {
  it('is made once, in a file of its own, and stays', async () => {
    warnings = [];
    expect((await openAuditKey(world.sql, folder, warn)).publicKey).toEqual(key.publicKey);
    expect(warnings).toEqual([]);
  });

  it('signs nothing in a process that has another one, or none', async () => {
    const other = await mkdtemp(join(tmpdir(), 'attestry-audit-'));
    const path = join(other, 'attestry-audit.pem');
    for (const state of ['is missing', 'is not the audit key of this registry']) {
      warnings = [];
      const opened = await openAuditKey(world.sql, other, warn);
      expect(opened).toEqual({ publicKey: key.publicKey, signer: undefined });
      expect(warnings).toEqual([expect.stringContaining(`${path} ${state}`)]);
      await createSeedFile(path).catch(() => undefined);
    }
    await rm(other, { recursive: true, force: true });
  });
});
