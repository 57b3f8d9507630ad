// A key that is taken back in a running registry: its releases stay good, and its next one is refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standing } from '../../keys/keyring.ts';
import { newShell } from '../world/cli.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { currentKeyring } from './root-world.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const positionOf = async (subject: string, kind: string): Promise<number | undefined> => {
  const [row] = await registry.sql<{ position: number }[]>`
    select position from leaves join events on events.id = leaves.event_id
    where subject = ${subject} and kind = ${kind}`;
  return row?.position;
};

describe('a key that is taken back now', { timeout: 60_000 }, () => {
  const publisher = createPublisher('busy-1');
  const [kept, late] = ['vendor.acme.kept', 'vendor.acme.late'];

  it('is not believed from the place of its revocation on, which lies behind all that it published', async () => {
    await delegate(registry.call, publisher, ['vendor.acme.*']);
    const body = await publisher.pack({ name: kept });
    expect((await registry.call('PUT', addressOf(kept), { body })).status).toBe(201);
    const answer = await registry.call('POST', '/access/keys/busy-1/revoke', { body: { reason: 'lost' } });
    const place = await positionOf('key:busy-1', 'key.revoked');
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ status: 'revoked', revocation: { reason: 'lost', from: place } });
    const published = await positionOf(`pack:${kept}@1.0.0`, 'pack.published');
    const ring = await currentKeyring(registry.call);
    expect(ring.treeSize).toBeGreaterThan(place ?? Number.NaN);
    expect(standing(ring, 'busy-1', { now: new Date(), position: published })).toBe('active');
    expect(standing(ring, 'busy-1', { now: new Date(), position: place })).toBe('revoked');
  });

  it('publishes nothing more, and what it published is served on', async () => {
    const before = await registry.stored();
    const body = await publisher.pack({ name: late });
    const refused = await registry.call('PUT', addressOf(late), { body });
    expect(refused.json).toMatchObject({ details: { brokenLink: 'key_revoked' } });
    const { versions, events } = await registry.stored();
    expect([versions, events]).toEqual([before.versions, before.events]);
    expect((await registry.call('GET', addressOf(kept), { token: null })).status).toBe(200);
  });

  it.each([['soon'], [-1], [1.5], [null], [1_000_000]])(
    'is not taken back from %j, and nothing is stored',
    async (from) => {
      await delegate(registry.call, createPublisher(`fine-${String(from)}`.replace('-1', 'a')), [
        'vendor.x.*',
      ]);
      const [before, ring] = [await registry.stored(), (await currentKeyring(registry.call)).version];
      const { keys } = (await registry.call('GET', '/access/keys')).json;
      const { keyId } = keys.find((key: { status: string }) => key.status === 'active');
      const body = { reason: 'lost', from };
      const answer = await registry.call('POST', `/access/keys/${keyId}/revoke`, { body });
      expect([answer.status, answer.json.error, answer.json.details.field]).toEqual([
        400,
        'validation_error',
        'from',
      ]);
      expect((await registry.stored()).events).toBe(before.events);
      expect((await currentKeyring(registry.call)).version).toBe(ring);
    },
  );

  it('by the command line says from where on, and so does the list of keys', async () => {
    const shell = await newShell({ ATTESTRY_TOKEN: registry.adminToken, ATTESTRY_URL: registry.url });
    for (const keyId of ['cli-now-1', 'cli-ever-1', 'cli-two-1'])
      await delegate(registry.call, createPublisher(keyId), ['vendor.cli.*']);
    const revoke = async (keyId: string, ...more: readonly string[]) =>
      (await shell.run('keys', 'revoke', '--key-id', keyId, '--reason', 'lost', ...more)).stdout;
    const place = /^Revoked the key cli-now-1\. What the log holds before position (\d+) stays good\.\n$/;
    const [, position] = place.exec(await revoke('cli-now-1')) ?? [];
    expect(Number(position)).toBe(await positionOf('key:cli-now-1', 'key.revoked'));
    expect(await revoke('cli-ever-1', '--from', 'ever')).toContain('Nothing it signed is believed.');
    expect(await revoke('cli-two-1', '--from', '2')).toContain('before position 2 stays good');
    const { stdout } = await shell.run('keys', 'list');
    expect(stdout).toMatch(new RegExp(`cli-now-1 +operator +revoked +20\\S+ from ${position} `));
    expect(stdout).toMatch(/cli-ever-1 +operator +revoked +20\S+ ever /);
    expect(stdout).toMatch(/cli-two-1 +operator +revoked +20\S+ from 2 /);
    expect((await shell.run('keys', 'revoke', '--key-id', 'x', '--reason', 'y', '--from', 'soon')).code).toBe(
      2,
    );
  });
});
