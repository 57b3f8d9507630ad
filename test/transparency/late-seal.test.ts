// A seal that is late takes nothing back: the fact stands, the answer says where its receipt will be, and /readyz tells.
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry | undefined;
afterEach(async () => {
  await registry?.stop();
  registry = undefined;
});

const acme = createPublisher();

describe('while the sealer cannot sign', () => {
  const stuck = async (now = () => new Date()) => {
    let broken = true;
    registry = await startRegistry(
      {},
      {
        now,
        sealWaitMs: 100,
        sealing: (steps) => ({
          ...steps,
          sign: (size, root) =>
            broken ? Promise.reject(new Error('the key is away')) : steps.sign(size, root),
        }),
      },
    );
    await delegate(registry.call, acme, ['vendor.acme.*']);
    const mend = (): void => {
      broken = false;
    };
    return { registry, mend };
  };

  it('a publish is taken, and its receipt can be had as soon as the log is sealed', async () => {
    const { registry, mend } = await stuck();
    const body = await acme.pack();
    const answer = await registry.call('PUT', addressOf(), { body });
    expect([answer.status, answer.json.receipt]).toEqual([202, null]);
    const place = answer.headers.get('location') ?? '';
    expect(place).toMatch(/^\/transparency\/receipts\//);
    const pending = await registry.call('GET', place, { token: null });
    expect([pending.status, pending.headers.get('retry-after')]).toEqual([202, '1']);
    expect((await registry.call('GET', addressOf(undefined, undefined, 'v1', 'proof'))).status).toBe(503);
    expect((await registry.call('GET', addressOf())).bytes.equals(body)).toBe(true);
    mend();
    await expect
      .poll(async () => (await registry.call('GET', place, { token: null })).status, { timeout: 5_000 })
      .toBe(200);
    const again = await registry.call('PUT', addressOf(), { body });
    expect([again.status, again.json.receipt.url]).toEqual([200, place]);
  });

  it('/readyz says so once it has lasted', async () => {
    let lost = 0;
    const { registry, mend } = await stuck(() => new Date(Date.now() + lost));
    const ready = async () => (await registry.call('GET', '/readyz')).json.parts.log;
    expect(await ready()).toBe('ok');
    lost = 60_000;
    await expect.poll(ready, { timeout: 5_000 }).toBe('failed');
    mend();
    await expect.poll(ready, { timeout: 10_000 }).toBe('ok');
  });
});
