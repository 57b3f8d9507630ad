// A registry whose keys follow one another is sound, and what was changed of that by hand is found.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { rotate, rotationOf } from '../packs/rotating.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { damageIn } from './corruption.ts';

let registry: TestRegistry;
const NAME = 'vendor.alice.tools';
const NAMESPACES = ['vendor.alice.*'];
const keys = ['alice-1', 'alice-2', 'alice-3'].map((id) => createPublisher(id));

beforeAll(async () => {
  registry = await startRegistry();
  const [first] = keys;
  if (first !== undefined) await delegate(registry.call, first, NAMESPACES);
  for (const [at, key] of keys.entries()) {
    const version = `1.${at}.0`;
    const body = await key.pack({ name: NAME, version });
    expect((await registry.call('PUT', addressOf(NAME, version), { body })).status).toBe(201);
    const next = keys[at + 1];
    if (next === undefined) break;
    const asked = rotationOf(key, next, { account: 'operator', namespaces: NAMESPACES });
    expect((await rotate(registry, registry.adminToken, asked)).status).toBe(201);
  }
});
afterAll(() => registry.stop());

const damage = async () => {
  const blobs = await openDiskStore(join(registry.dataDir, 'blobs'));
  const deps = { sql: registry.sql, blobs, now: () => new Date(), progress: () => undefined, patienceMs: 0 };
  const { report } = await checkAll(deps)({ sample: 'all' });
  return damageIn(report.counts());
};

describe('a chain of keys', () => {
  it('is sound, with versions that each of them signed', async () => {
    expect(await damage()).toEqual([]);
  });

  it('in which a proof was changed is not', async () => {
    const { sql } = registry;
    const [row] = await sql<
      { proof: Buffer }[]
    >`select proof from key_rotations where old_key_id = 'alice-1'`;
    await sql`update key_rotations set proof = decode(repeat('00', 64), 'hex') where old_key_id = 'alice-1'`;
    expect(await damage()).toEqual(['rotation_differs']);
    await sql`update key_rotations set proof = ${row?.proof ?? null} where old_key_id = 'alice-1'`;
  });

  it('from which a link was taken is not', async () => {
    await registry.sql`delete from key_rotations where old_key_id = 'alice-2'`;
    expect(await damage()).toEqual(['delegation_differs', 'rotation_differs']);
  });
});
