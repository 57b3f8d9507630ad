// Following the root: every process signs with the keys that the newest one names, and with no others.
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../keys/ed25519.ts';
import type { Root } from '../../keys/root.ts';
import { insertRoot } from '../../src/access/delegation-store.ts';
import { requireNewestRoot, underNewestRoot } from '../../src/access/in-force.ts';
import { establishTrust, type Trust } from '../../src/access/trust.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { ground } from '../world/processes.ts';
import { createPublisher, delegate } from '../world/publisher.ts';
import {
  currentKeyring,
  currentRoot,
  holders,
  layKey,
  logOf,
  ownRootKey,
  publish,
  roleOf,
  signedRootText,
  successor,
} from './root-world.ts';

const now = () => new Date();
const MESSAGE = Buffer.from('a checkpoint');

describe('a process', () => {
  let database: OwnDatabase;
  let dataDir: string;
  beforeEach(async () => {
    database = await ownDatabase();
    dataDir = await mkdtemp(join(tmpdir(), 'attestry-follow-'));
  });
  afterEach(async () => {
    await database.drop();
    await rm(dataDir, { recursive: true });
  });

  const start = (): Promise<Trust> =>
    establishTrust({
      sql: database.sql,
      now,
      requireTrueTime: async () => undefined,
      keyFolder: join(dataDir, 'keys'),
      origin: undefined,
      append: appendEvent({ now }),
      warn: () => undefined,
    });

  /** Another process has published it. */
  const store = async (root: Root) => {
    const envelope = await signedRootText(root, [await ownRootKey(dataDir)]);
    await inTransaction(database.sql, (tx) => insertRoot(tx, root.version, envelope));
  };

  it('goes over to the registrar and the log of the newest root without a restart', async () => {
    const trust = await start();
    const old = trust.root();
    const registrar = await layKey(dataDir, 'attestry-registrar-2027');
    const log = await layKey(dataDir, 'attestry-log-2027');
    await store(successor(old, { registrar: roleOf(1, [registrar]), log: logOf(old, log) }));
    expect(trust.root().version).toBe(1);
    await trust.refresh();
    expect(trust.root().version).toBe(2);
    expect(trust.inForce().registrars.map(({ keyId }) => keyId)).toEqual(['attestry-registrar-2027']);
    const signature = await trust.log.sign(MESSAGE);
    expect(verify({ publicKey: log.publicKey, message: MESSAGE, signature })).toBe(true);
    expect([trust.log.keyId, trust.log.publicKey]).toEqual(['attestry-log-2027', log.publicKey]);
  });

  it('that does not hold the new keys signs nothing at all, says why, and goes on when they are laid there', async () => {
    const trust = await start();
    const old = trust.root();
    const [registrar] = holders('attestry-registrar-2');
    if (registrar === undefined) throw new Error('no holder');
    await store(successor(old, { registrar: roleOf(1, [registrar]) }));
    await expect(trust.refresh()).rejects.toMatchObject({
      name: 'ForeignKeys',
      cure: expect.stringContaining('Put'),
    });
    expect(trust.root().version).toBe(2);
    expect(() => trust.inForce()).toThrow('root 2 names keys that this process does not hold');
    await expect(trust.log.sign(MESSAGE)).rejects.toThrow('does not hold');
    await expect(start()).rejects.toThrow('does not hold');
    const laid = await layKey(dataDir, 'attestry-registrar-3');
    await store(successor(trust.root(), { registrar: roleOf(1, [laid]) }));
    await trust.refresh();
    expect(trust.inForce().root.version).toBe(3);
  });

  it('finds a key it misses as soon as it lies there, by whatever name', async () => {
    const trust = await start();
    const log = await layKey(dataDir, 'not-yet-a-candidate');
    await store(successor(trust.root(), { log: logOf(trust.root(), log) }));
    await expect(trust.refresh()).rejects.toThrow('attestry-log*.pem');
    await rename(
      join(dataDir, 'keys', 'not-yet-a-candidate.pem'),
      join(dataDir, 'keys', 'attestry-log.next.pem'),
    );
    await trust.refresh();
    expect(trust.log.publicKey).toEqual(log.publicKey);
  });

  it('commits nothing that it signed under a root which another process has replaced meanwhile', async () => {
    const trust = await start();
    const used: number[] = [];
    const outcome = await underNewestRoot(trust, async (inForce) => {
      used.push(inForce.root.version);
      if (used.length === 1) await store(successor(trust.root()));
      return inTransaction(database.sql, async (tx) => {
        await requireNewestRoot(tx, inForce);
        return inForce.root.version;
      });
    });
    expect([used, outcome]).toEqual([[1, 2], 2]);
  });
});

describe('two processes', { timeout: 60_000 }, () => {
  it('both sign with the new registrar as soon as one of them has published its root', async () => {
    const world = await ground();
    try {
      const [one, two] = [await world.start(), await world.start()];
      await delegate(two.call, createPublisher('before-1'), ['vendor.acme.*']);
      const old = await currentRoot(one.call);
      const registrar = await layKey(world.dataDir, 'attestry-registrar-2');
      const log = await layKey(world.dataDir, 'attestry-log-2');
      const next = successor(old, { registrar: roleOf(1, [registrar]), log: logOf(old, log) });
      expect((await publish(one.call, next, [await ownRootKey(world.dataDir)])).status).toBe(201);
      // Whoever has not heard of it yet finds out when it commits.
      await delegate(two.call, createPublisher('after-1'), ['vendor.acme.*']);
      const ring = await currentKeyring(one.call);
      expect(ring.delegations.map(({ keyId }) => keyId)).toEqual(['after-1', 'before-1']);
      await expect.poll(async () => (await currentRoot(two.call)).version, { timeout: 10_000 }).toBe(2);
      const discovery = async () =>
        (await two.call('GET', '/.well-known/openwop-registry', { token: null })).json.trust.log.vkey;
      const vkey = (await one.call('GET', '/.well-known/openwop-registry', { token: null })).json.trust.log
        .vkey;
      await expect.poll(discovery, { timeout: 10_000 }).toBe(vkey);
    } finally {
      await world.clear();
    }
  });
});
