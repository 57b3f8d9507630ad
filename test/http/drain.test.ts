// SIGTERM: nothing new begins, what is under way is answered, and nobody who waits for nothing holds it up.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { answersOf, openRaw, type RawConnection } from '../world/raw-http.ts';

let place: Ground;
let registry: RegistryProcess;
const acme = createPublisher();
beforeAll(async () => {
  place = await ground();
  registry = await place.start();
});
afterAll(() => place.clear());

const until = async (connection: RawConnection, mark: RegExp): Promise<void> => {
  while (!mark.test(connection.text())) await once(connection.socket, 'data');
};

const isRefused = async (url: string): Promise<boolean> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const refused = await Promise.race([
    once(socket, 'connect').then(() => false),
    new Promise<boolean>((resolve) => void socket.once('error', () => resolve(true))),
  ]);
  socket.destroy();
  return refused;
};

describe('a process that is told to stop', () => {
  it('answers what is under way, says that others are to be asked, and ends', async () => {
    await delegate(registry.call, acme, ['vendor.acme.*']);
    const token = (await readFile(`${place.dataDir}/admin-token`, 'utf8')).trim();
    const body = await acme.pack();

    const [silent, idle, asking, uploading, waiting] = await Promise.all(
      [1, 2, 3, 4, 5].map(() => openRaw(registry.url)),
    );
    idle?.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    asking?.socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n');
    uploading?.socket.write(
      `PUT ${addressOf()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    uploading?.socket.write(body.subarray(0, 100));
    waiting?.socket.write('GET /transparency/events?since=1000000&wait=30 HTTP/1.1\r\nHost: x\r\n\r\n');
    if (idle === undefined || asking === undefined || uploading === undefined || waiting === undefined)
      throw new Error('not connected');
    await until(idle, /"ok"/);
    expect((await registry.call('GET', '/readyz')).status).toBe(200);

    registry.process.kill('SIGTERM');
    await Promise.all([silent?.closed, idle.closed, waiting.closed]);
    await expect.poll(() => isRefused(registry.url)).toBe(true);
    const [news] = answersOf(waiting.text());
    expect([news?.status, JSON.parse(news?.body ?? '')]).toEqual([
      200,
      { events: [], next: 1_000_000, size: expect.any(Number) },
    ]);
    expect(news?.head).toMatch(/^connection: close$/im);
    asking.socket.write('\r\n');
    await asking.closed;
    const [ready] = answersOf(asking.text());
    expect([ready?.status, JSON.parse(ready?.body ?? '').status]).toEqual([503, 'draining']);
    expect(ready?.head).toMatch(/^connection: close$/im);

    uploading.socket.write(body.subarray(100));
    await uploading.closed;
    const [published] = answersOf(uploading.text());
    expect(published?.status).toBe(201);
    expect(published?.head).toMatch(/^connection: close$/im);
    await registry.gone();
    expect(registry.process.exitCode).toBe(0);
  });
});
