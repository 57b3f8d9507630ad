// Ids that packs give to others: those of the protocol, those that another pack has already, and what becomes of both.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const acme = createPublisher();
const host = createPublisher('host-1');
let lenient: TestRegistry;
let strict: TestRegistry;
beforeAll(async () => {
  [lenient, strict] = await Promise.all([
    startRegistry({ mode: 'private' }),
    startRegistry({ protocolTypeIds: 'refuse' }),
  ]);
  const patterns = ['vendor.acme.*', 'vendor.other.*', 'core.acme.*'];
  await delegate(lenient.call, acme, patterns);
  await delegate(lenient.call, host, ['private.host.*']);
  await delegate(strict.call, acme, patterns);
});
afterAll(() => Promise.all([lenient.stop(), strict.stop()]));

const publish = async (to: TestRegistry, name: string, typeId: string, version = '1.0.0') => {
  const edits = { '/nodes/0/typeId': typeId, '/connector': undefined };
  const body = await acme.pack({ name, version, edits });
  return to.call('PUT', addressOf(name, version), { body });
};

describe('an id of the protocol outside core', () => {
  it('is warned of, and refused where the operator says so; within core it is at home', async () => {
    const warned = await publish(lenient, 'vendor.acme.a', 'core.acme.step');
    expect([warned.status, warned.json.warnings]).toMatchObject([
      201,
      [{ code: 'pack_namespace_unauthorized', where: '/nodes/0/typeId' }],
    ]);
    const before = await strict.stored();
    const refused = await publish(strict, 'vendor.acme.a', 'openwop.step');
    expect([refused.status, refused.json.details.violations]).toMatchObject([
      403,
      [{ where: '/nodes/0/typeId', message: expect.stringContaining('openwop.step') }],
    ]);
    expect(await strict.stored()).toEqual(before);
    expect((await publish(strict, 'core.acme.a', 'core.acme.step')).status).toBe(201);
    expect((await publish(strict, 'vendor.acme.a', 'vendor.acme.step')).status).toBe(201);
  });

  it('that runs commands is refused everywhere (RFC 0069)', async () => {
    const refused = await publish(lenient, 'core.acme.shell', 'core.acme.shell');
    expect([refused.status, refused.json.error]).toEqual([400, 'invalid_manifest']);
  });
});

describe('an id that another pack provides', () => {
  it('is flagged on each version that comes later, and not on the one that had it first', async () => {
    // Of the other ids that every manifest here has, others were published before.
    const warnings = async (asked: ReturnType<typeof publish>) =>
      ((await asked).json.warnings ?? []).filter(
        ({ where }: { where: string }) => where === '/nodes/0/typeId',
      );
    const shared = 'vendor.acme.shared';
    expect(await warnings(publish(lenient, 'vendor.acme.first', shared))).toEqual([]);
    const flagged = await warnings(publish(lenient, 'vendor.other.second', shared));
    expect(flagged).toEqual([
      {
        code: 'already_exists',
        where: '/nodes/0/typeId',
        message: '"vendor.acme.shared" is provided by vendor.acme.first already',
      },
    ]);
    expect(await warnings(publish(lenient, 'vendor.acme.first', shared, '1.1.0'))).toMatchObject([
      { message: expect.stringContaining('vendor.other.second') },
    ]);
    expect(await warnings(publish(lenient, 'vendor.other.second', shared))).toEqual(flagged);
  });

  it('of a private pack is flagged for nobody', async () => {
    const edits = { '/connector': undefined, '/nodes/0/typeId': 'private.host.secret' };
    const hidden = await host.pack({ name: 'private.host.a', edits });
    expect((await lenient.call('PUT', addressOf('private.host.a'), { body: hidden })).status).toBe(201);
    const open = await publish(lenient, 'vendor.acme.guess', 'private.host.secret');
    expect(JSON.stringify(open.json.warnings)).not.toContain('private.host');
  });
});
