// Caches and download managers: what changed is sent, what did not is not, and a part is the part that was asked for (RFC 9110 §13–§14).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let tarball: Buffer;
let etag: string;
const acme = createPublisher();
const DOCUMENT = '/v1/packs/vendor.acme.tools/index.json';
beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  tarball = await acme.pack();
  await registry.call('PUT', addressOf(), { body: tarball });
  etag = (await registry.call('GET', addressOf())).headers.get('etag') ?? '';
});
afterAll(() => registry.stop());

const get = (path: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
  registry.call(method, path, { token: null, headers });

describe('If-None-Match', () => {
  it.each([
    ['the tag', (tag: string) => tag, 304],
    ['a weak spelling of it', (tag: string) => `W/${tag}`, 304],
    ['a list that has it', (tag: string) => `"a", W/"b",${tag} , "c"`, 304],
    ['anything', () => '*', 304],
    ['others', () => '"a", "b"', 200],
    ['the tag without its quotes', (tag: string) => tag.slice(1, -1), 200],
    ['nonsense', () => ',,,', 200],
  ])('with %s', async (_, header, status) => {
    for (const path of [DOCUMENT, addressOf()]) {
      const tag = (await get(path, {})).headers.get('etag') ?? '';
      const answer = await get(path, { 'If-None-Match': header(tag) });
      expect([answer.status, answer.headers.get('etag')]).toEqual([status, tag]);
      if (status === 304) expect(answer.bytes).toHaveLength(0);
    }
  });

  it('answers HEAD alike, and comes before a range', async () => {
    expect((await get(addressOf(), { 'If-None-Match': etag }, 'HEAD')).status).toBe(304);
    expect((await get(addressOf(), { 'If-None-Match': etag, Range: 'bytes=0-1' })).status).toBe(304);
  });

  it('makes dates count nothing: there is none to compare with', async () => {
    const answer = await get(DOCUMENT, { 'If-Modified-Since': new Date().toUTCString() });
    expect([answer.status, answer.headers.get('last-modified')]).toEqual([200, null]);
  });
});

describe('Range', () => {
  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=100-', 100, undefined],
    ['bytes=-50', -50, undefined],
    ['bytes=0-999999999', 0, undefined],
  ])('%s is the part it names', async (range, start, end) => {
    const answer = await get(addressOf(), { Range: range });
    const part = tarball.subarray(start, end);
    const from = start < 0 ? tarball.length + start : start;
    expect([answer.status, answer.bytes.equals(part)]).toEqual([206, true]);
    expect(answer.headers.get('content-range')).toBe(
      `bytes ${from}-${from + part.length - 1}/${tarball.length}`,
    );
    // Of all the bytes, whatever part is sent (RFC 9530 §3).
    expect(answer.headers.get('repr-digest')).toBe(`sha-256=:${etag.slice(8, -1)}:`);
  });

  it.each(['bytes=0-1,5-6', 'lines=1-2', 'bytes=9-1', 'bytes=x', 'bytes'])(
    '%s may be ignored: all is sent',
    async (range) => {
      const answer = await get(addressOf(), { Range: range });
      expect([answer.status, answer.bytes.length]).toEqual([200, tarball.length]);
    },
  );

  it('behind the end is refused with the size', async () => {
    const answer = await get(addressOf(), { Range: 'bytes=99999999-' });
    expect([answer.status, answer.json.error]).toEqual([416, 'range_not_satisfiable']);
    expect(answer.headers.get('content-range')).toBe(`bytes */${tarball.length}`);
  });

  it('counts for the bytes that If-Range names only, strongly compared', async () => {
    const status = async (tag: string) =>
      (await get(addressOf(), { Range: 'bytes=0-1', 'If-Range': tag })).status;
    expect(await status(etag)).toBe(206);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status('"other"')).toBe(200);
    expect(await status(new Date().toUTCString())).toBe(200);
  });

  it('is for GET, and for what is served in ranges', async () => {
    expect((await get(addressOf(), { Range: 'bytes=0-1' }, 'HEAD')).status).toBe(200);
    const document = await get(DOCUMENT, { Range: 'bytes=0-1' });
    expect([document.status, document.headers.get('accept-ranges')]).toEqual([200, null]);
  });

  it('puts a download together that was broken off', async () => {
    const first = await get(addressOf(), { Range: 'bytes=0-199' });
    const rest = await get(addressOf(), { Range: 'bytes=200-', 'If-Range': etag });
    expect(Buffer.concat([first.bytes, rest.bytes]).equals(tarball)).toBe(true);
  });
});
