// Uploads under way: a share for each account, a least pace, and no place held while the log seals.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { atLeast } from '../../src/http/steady.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const acme = createPublisher();
const other = createPublisher('other-1');
const PACE = { graceMs: 1_500, bytesPerSecond: 16 * 1024 };

let registry: TestRegistry;
let tokens: { readonly acme: string; readonly other: string };
let sealing = Promise.resolve();
const sockets: Socket[] = [];

beforeAll(async () => {
  registry = await startRegistry(
    {},
    {
      uploadPace: PACE,
      sealWaitMs: 20_000,
      sealing: (steps) => ({
        ...steps,
        putObject: async (...given) => {
          await sealing;
          return steps.putObject(...given);
        },
      }),
    },
  );
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, other, ['vendor.other.*']);
  tokens = {
    acme: await accountWith(registry.call, 'acme', ['packs:publish']),
    other: await accountWith(registry.call, 'other', ['packs:publish']),
  };
  for (const account of ['acme', 'other'])
    await registry.call('POST', '/access/namespaces', { body: { namespace: `vendor.${account}`, account } });
});
afterAll(() => registry.stop());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Begins an upload and sends no more than its first bytes. */
const begin = async (name: string, token: string): Promise<Socket> => {
  const { hostname, port } = new URL(registry.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    `PUT ${addressOf(name)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 500000\r\n\r\nxx`,
  );
  return socket;
};

/** What was answered until the connection ended. */
const answered = async (socket: Socket): Promise<string> => {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
};

const publish = async (by: 'acme' | 'other', name: string) => {
  const body = await { acme, other }[by].pack({ name });
  return registry.call('PUT', addressOf(name), { token: tokens[by], body });
};

const underWay = () => new Promise((resolve) => setTimeout(resolve, 300));

describe('an account with as many uploads under way as it may have', () => {
  it('is told to come back, and nothing is stored; others publish as ever', async () => {
    for (let at = 0; at < 8; at += 1) await begin(`vendor.acme.slow-${at}`, tokens.acme);
    await underWay();
    const before = await registry.stored();
    const refused = await publish('acme', 'vendor.acme.ninth');
    expect([refused.status, refused.json.error, refused.json.details.limit]).toEqual([503, 'busy', 8]);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await registry.stored()).toEqual(before);
    expect((await publish('other', 'vendor.other.tools')).status).toBe(201);
  });

  it('may go on as soon as one of them has ended', async () => {
    for (let at = 0; at < 8; at += 1) await begin(`vendor.acme.slow-${at}`, tokens.acme);
    await underWay();
    sockets[0]?.destroy();
    await underWay();
    expect((await publish('acme', 'vendor.acme.after')).status).toBe(201);
  });
});

describe('an upload that waits for its seal', () => {
  it('holds no place: its account publishes on', async () => {
    let goOn = (): void => undefined;
    sealing = new Promise((resolve) => {
      goOn = resolve;
    });
    const before = await registry.stored();
    const waiting = Array.from({ length: 8 }, (_, at) => publish('acme', `vendor.acme.sealed-${at}`));
    while ((await registry.stored()).versions < before.versions + 8) await underWay();
    const ninth = publish('acme', 'vendor.acme.sealed-ninth');
    while ((await registry.stored()).versions < before.versions + 9)
      await Promise.race([underWay(), ninth.then(({ status }) => expect(status).toBe(201))]);
    goOn();
    for (const answer of await Promise.all([...waiting, ninth])) expect(answer.status).toBe(201);
  });
});

describe('an upload that is too slow', () => {
  it.each([
    ['that sends nothing more', 0],
    ['that sends a few bytes now and then', 200],
  ])('%s is ended with a refusal, and nothing is stored', async (_, bytes) => {
    const before = await registry.stored();
    const socket = await begin('vendor.acme.trickle', tokens.acme);
    const trickle = setInterval(() => bytes > 0 && socket.write('x'.repeat(bytes)), 100);
    const started = performance.now();
    const text = await answered(socket);
    clearInterval(trickle);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('too slow: it has to keep up 16384 bytes a second');
    expect(performance.now() - started).toBeGreaterThan(PACE.graceMs - 100);
    expect(await registry.stored()).toEqual(before);
  });
});

describe('the pace of a body', () => {
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const collect = async (source: AsyncIterable<Uint8Array>, restMs = 0): Promise<number> => {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      await sleep(restMs);
    }
    return size;
  };
  const chunks = async function* (count: number, bytes: number, everyMs: number) {
    for (let at = 0; at < count; at += 1) {
      await sleep(everyMs);
      yield new Uint8Array(bytes);
    }
  };
  const pace = { graceMs: 200, bytesPerSecond: 10_000 };

  it('is kept by whoever sends fast enough, for however long', async () => {
    expect(await collect(atLeast(pace, chunks(20, 1_000, 30)))).toBe(20_000);
  });

  it('is missed by whoever sends too little after the first moments', async () => {
    const slow = collect(atLeast(pace, chunks(20, 100, 30)));
    await expect(slow).rejects.toMatchObject({ code: 'invalid_body', details: { bytesPerSecond: 10_000 } });
  });

  it('does not count the time that the reader takes', async () => {
    expect(await collect(atLeast(pace, chunks(10, 100, 1)), 50)).toBe(1_000);
  });

  it('lets go of its source when the reader ends early', async () => {
    let ended = false;
    const source = async function* () {
      try {
        while (true) yield new Uint8Array(10);
      } finally {
        ended = true;
      }
    };
    for await (const _ of atLeast(pace, source())) break;
    expect(ended).toBe(true);
  });
});
