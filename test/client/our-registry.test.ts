// The verifying client at the registry of this project: everything that it can be asked is answered.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  makeBundle,
  memoryTrustStore,
  openRegistry,
  parseRequest,
  resolveRequest,
  type TrustStore,
  verifyBundle,
  verifyVersion,
  verifyWanted,
} from '../../src/client/index.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';

let registry: TestRegistry;
let store: TrustStore;
const acme = createPublisher();
const host = createPublisher('host-1');
const POLICY = { minAssurance: 'log+bytes', requireStatement: true } as const;

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  store = memoryTrustStore();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
});
afterAll(() => registry.stop());

const publish = async (name: string, tree: 'v1' | 'v2' = 'v1', by = acme): Promise<void> => {
  const body = await by.pack({ name, tree });
  const headers = statementHeaders(await stated(by, body));
  const { status } = await registry.call('PUT', addressOf(name, '1.0.0', tree), { body, headers });
  expect(status).toBe(201);
};

const look = (token?: string) => openRegistry({ url: registry.url, store, token });

describe('a version that was just published', () => {
  it.each(['v1', 'v2'] as const)(
    'is under its key byte by byte, and the log records it (%s)',
    async (tree) => {
      const name = `vendor.acme.own-${tree}`;
      await publish(name, tree);
      const verified = await verifyVersion({ registry: await look(), policy: POLICY })(name, '1.0.0');
      expect(verified).toMatchObject({ assurance: 'log+bytes', tree });
      expect(verified.questions.flatMap((each) => (each.answer === 'yes' ? [] : [each.question]))).toEqual([
        'engines',
      ]);
    },
  );

  it('leads the client’s memory of the log forward, publication by publication', async () => {
    const sizes: number[] = [];
    for (const name of ['vendor.acme.one', 'vendor.acme.two', 'vendor.acme.three']) {
      await publish(name);
      await verifyVersion({ registry: await look() })(name, '1.0.0');
      sizes.push((await store.recall())?.checkpoint?.size ?? 0);
    }
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(new Set(sizes).size).toBe(3);
  });

  it('may be private: its readers check it against a commitment', async () => {
    await publish('private.host.tools', 'v1', host);
    const opened = await look(registry.adminToken);
    const verified = await verifyVersion({ registry: opened, policy: POLICY })('private.host.tools', '1.0.0');
    expect(verified.assurance).toBe('log+bytes');
    await expect(
      verifyVersion({ registry: await look() })('private.host.tools', '1.0.0'),
    ).rejects.toMatchObject({ question: 'registry' });
  });

  it('goes into a bundle that needs nobody', async () => {
    const name = 'vendor.acme.bundled';
    await publish(name);
    const { bundle } = await makeBundle({ url: registry.url, store }, parseRequest(`${name}@1.0.0`));
    expect((await verifyBundle(bundle, { policy: POLICY })).assurance).toBe('log+bytes');
  });
});

describe('a version that was unpublished', () => {
  const name = 'vendor.acme.mistaken';
  const unpublish = () => registry.call('DELETE', `/v1/packs/${name}/-/1.0.0?reason=by%20mistake`);

  it('is refused with what the registry tells of it, also by a host that holds its bytes', async () => {
    await publish(name);
    const before = await look();
    const wanted = await resolveRequest(before, parseRequest(`${name}@^1`));
    expect((await unpublish()).status).toBe(200);
    const refused = { code: 'pack_version_unpublished', evidence: { by: 'operator', reason: 'by mistake' } };
    const opened = await look();
    await expect(verifyVersion({ registry: opened })(name, '1.0.0')).rejects.toMatchObject(refused);
    await expect(verifyWanted({ registry: opened }, wanted)).rejects.toMatchObject(refused);
    expect([...(opened.trust?.withdrawn?.values() ?? [])]).toContain('unpublished');
  });

  it('is found nowhere by a range', async () => {
    await expect(resolveRequest(await look(), parseRequest(`${name}@^1`))).rejects.toMatchObject({
      code: 'pack_not_found',
    });
  });
});

describe('a version that was yanked', () => {
  it('is on the signed list, so that ranges end and exact names warn', async () => {
    const name = 'vendor.acme.gone';
    await publish(name);
    const before = await look();
    const wanted = await resolveRequest(before, parseRequest(`${name}@^1`));
    const yanked = await registry.call('POST', `/v1/packs/${name}/-/1.0.0/yank`, {
      body: { reason: 'broken' },
    });
    expect(yanked.status).toBe(200);
    const opened = await look();
    expect([...(opened.trust?.withdrawn?.values() ?? [])]).toContain('yanked');
    await expect(verifyWanted({ registry: opened }, wanted)).rejects.toMatchObject({
      code: 'pack_version_yanked',
      evidence: { withdrawn: 'yanked' },
    });
    const verified = await verifyVersion({ registry: opened })(name, '1.0.0');
    expect(verified.warnings.join()).toContain('yanked: broken');
  });
});
