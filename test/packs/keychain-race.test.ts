// Keys that are rotated or reported stolen while they are in use: what was accepted stays believed, or is all yanked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { standing, verifyKeyring } from '../../keys/keyring.ts';
import { verifyFirstRoot } from '../../keys/root.ts';
import { addressOf, createPublisher, delegate, type Publisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { rotate, rotationOf } from './rotating.ts';

let registry: TestRegistry;
const NAMESPACES = ['vendor.alice.*'];
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

/** Publishes one version after the other until the key is refused. */
const publishOn = async (name: string, by: Publisher, stop: () => boolean): Promise<number> => {
  for (let patch = 0; ; patch += 1) {
    const version = `1.0.${patch}`;
    const body = await by.pack({ name, version });
    const { status, json } = await registry.call('PUT', addressOf(name, version), { body });
    if (status === 400 && /^key_(?:expired|revoked)$/.test(json.details.brokenLink)) return patch;
    expect(status).toBe(201);
    if (stop()) return patch + 1;
  }
};

const signedBy = (keyId: string) => registry.sql<{ yanked: object | null; at: Date; position: number }[]>`
  select versions.yanked, events.at, leaves.position from versions
    join events on events.id = versions.event_id join leaves on leaves.event_id = events.id
  where key_id = ${keyId}`;

const keyring = async () => {
  const root = (await registry.call('GET', '/trust/root.json')).bytes;
  const list = (await registry.call('GET', '/trust/keyring.json')).bytes;
  return verifyKeyring(verifyFirstRoot(parseEnvelope(root)), parseEnvelope(list));
};

/** Keeps three publishers busy, does something, and lets them go on until they are refused. */
const amid = async (key: Publisher, name: string, act: () => Promise<unknown>): Promise<number> => {
  let tries = 0;
  const enough = (): boolean => {
    tries += 1;
    return tries > 300;
  };
  const busy = [1, 2, 3].map((lane) => publishOn(`${name}-${lane}`, key, enough));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await act();
  return (await Promise.all(busy)).reduce((all, each) => all + each, 0);
};

describe('a key in use', () => {
  it('that is rotated ends behind everything that was accepted', async () => {
    const [old, next] = [createPublisher('race-1'), createPublisher('race-2')];
    await delegate(registry.call, old, NAMESPACES);
    const accepted = await amid(old, 'vendor.alice.turned', async () => {
      const body = rotationOf(old, next, { account: 'operator', namespaces: NAMESPACES });
      expect((await rotate(registry, registry.adminToken, body)).status).toBe(201);
    });
    const ring = await keyring();
    const rows = await signedBy('race-1');
    expect(rows).toHaveLength(accepted);
    for (const { at, position } of rows)
      expect(standing(ring, 'race-1', { now: at, position })).toBe('active');
  });

  it('that is reported stolen leaves nothing behind that is not yanked', async () => {
    const key = createPublisher('race-3');
    await delegate(registry.call, key, NAMESPACES);
    const since = new Date(Date.now() - 60_000).toISOString();
    const accepted = await amid(key, 'vendor.alice.stolen', async () => {
      const answer = await registry.call('POST', '/keys/race-3/compromise', { body: { since, reason: 'x' } });
      expect(answer.status).toBe(200);
    });
    const ring = await keyring();
    const rows = await signedBy('race-3');
    expect(rows).toHaveLength(accepted);
    for (const { yanked, at, position } of rows) {
      expect(yanked).not.toBeNull();
      expect(standing(ring, 'race-3', { now: at, position })).toBe('revoked');
    }
  });
});
