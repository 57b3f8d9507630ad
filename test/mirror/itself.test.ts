// A registry is no upstream of itself, whichever of its addresses is named.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPublisher, delegate } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { exported, rootQuery, send } from './exporting.ts';
import { mirror, startMirror, syncAgain } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

const REFUSED = { error: 'validation_error', details: { reason: 'upstream_is_this' } };

const add = (to: TestRegistry, url: string) => to.call('POST', '/mirror/upstreams', { body: { url } });

/** Another address of a registry, behind which nobody is until `open`. */
const otherAddress = async (of: string) => {
  let isOpen = false;
  const server = createServer(async (request, response) => {
    const reply = isOpen ? await fetch(of + request.url) : undefined;
    const body = new Uint8Array((await reply?.arrayBuffer()) ?? new ArrayBuffer(0));
    response.writeHead(reply?.status ?? 404).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const open = (): void => {
    isOpen = true;
  };
  return { url: `http://127.0.0.1:${port}`, open };
};

describe('a registry that is told to mirror itself', { timeout: 60_000 }, () => {
  it('refuses its own address, and stores nothing', async () => {
    const before = await registry.stored();
    expect((await add(registry, `${registry.url}/`)).json).toMatchObject(REFUSED);
    expect(await registry.stored()).toEqual(before);
    expect((await registry.call('GET', '/mirror/upstreams')).json.upstreams).toEqual([]);
  });

  it('refuses another address of its own, and stores nothing', async () => {
    const before = await registry.stored();
    const other = await otherAddress(registry.url);
    other.open();
    expect((await add(registry, other.url)).json).toMatchObject(REFUSED);
    expect(await registry.stored()).toEqual(before);
  });

  it('mirrors nothing from what turns out to be itself later', async () => {
    const own = createPublisher('self-1');
    await delegate(registry.call, own, ['vendor.self.*']);
    const other = await otherAddress(registry.url);
    const row = await mirror(registry, other.url);
    expect(row).toMatchObject({ outcome: 'failed', versions: 0 });
    other.open();
    const again = await syncAgain(registry, row.id);
    expect(again).toMatchObject({ outcome: 'failed', versions: 0, flaws: 0 });
    expect(again.reason).toContain('upstream_is_this');
  });

  it('takes no export of its own', async () => {
    const before = await registry.stored();
    const root = (await registry.call('GET', '/trust/root.json', { token: null })).bytes;
    const refused = await send(registry, await exported(registry.url), rootQuery(root));
    expect(refused.json).toMatchObject(REFUSED);
    expect(await registry.stored()).toEqual(before);
  });
});
