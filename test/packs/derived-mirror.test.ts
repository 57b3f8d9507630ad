// The schema mirror: the exact bytes of a pack's schemas at the addresses their $id names, for as long as it is on offer.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
const host = createPublisher('host-1');
const NAME = 'vendor.acme.schemas';
const SCHEMA = '{ "$id": "x",\n  "type" :"object" }';
const LARGE = JSON.stringify({ description: 'x'.repeat(400_000) });
const FILES = {
  'schemas/in.json': SCHEMA,
  'schemas/a b+c.json': '{}',
  'schemas/large.json': LARGE,
  'schemas/deep/er.json': '{}',
  'schemas/note.txt': 'x',
  'other.json': '{}',
};

const publish = async (name: string, version = '1.0.0', tree: 'v1' | 'v2' = 'v1', by = acme) => {
  const body = await by.pack({ name, version, tree, files: FILES });
  expect((await registry.call('PUT', addressOf(name, version, tree), { body })).status).toBe(201);
};
const get = (path: string, token: string | null = null) => registry.call('GET', path, { token });
const statusOf = async (path: string) => (await get(path)).status;

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
  await publish(NAME);
});
afterAll(() => registry.stop());

describe('the schema mirror', () => {
  it('serves the exact bytes of the archive, as JSON that is asked for again soon', async () => {
    const answer = await get(`/${NAME}/1.0.0/in.json`);
    expect([answer.status, answer.bytes.toString()]).toEqual([200, SCHEMA]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).not.toContain('immutable');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const headers = { 'If-None-Match': String(answer.headers.get('etag')) };
    expect((await registry.call('GET', `/${NAME}/1.0.0/in.json`, { headers })).status).toBe(304);
    expect((await registry.call('HEAD', `/${NAME}/1.0.0/in.json`)).status).toBe(200);
  });

  it('serves those that are larger than a manifest, and names that have to be escaped', async () => {
    expect((await get(`/${NAME}/1.0.0/large.json`)).bytes.toString()).toBe(LARGE);
    expect(await statusOf(`/${NAME}/1.0.0/a%20b%2Bc.json`)).toBe(200);
  });

  it.each([
    ['a folder below', `/${NAME}/1.0.0/deep/er.json`],
    ['a folder below, in one segment', `/${NAME}/1.0.0/deep%2Fer.json`],
    ['a way up', `/${NAME}/1.0.0/..%2Fother.json`],
    ['a way up that is spelt out', `/${NAME}/1.0.0/..%2f..%2fpack.json`],
    ['what is no schema', `/${NAME}/1.0.0/note.txt`],
    ['what is not there', `/${NAME}/1.0.0/absent.json`],
    ['another version', `/${NAME}/1.0.1/in.json`],
    ['no version', `/${NAME}/latest/in.json`],
    ['another spelling of the name', `/${NAME.replace('schemas', 'Schemas')}/1.0.0/in.json`],
  ])('has nothing for %s', async (_, path) => {
    expect(await statusOf(path)).toBe(404);
  });

  it('is of both trees', async () => {
    await publish('vendor.acme.second', '2.0.0', 'v2');
    expect((await get('/vendor.acme.second/2.0.0/in.json')).bytes.toString()).toBe(SCHEMA);
  });

  it('hides no other address', async () => {
    for (const path of [
      '/trust/root.json',
      '/transparency/checkpoint',
      '/v1/index.json',
      `/v1/packs/${NAME}`,
    ])
      expect(await statusOf(path), path).toBe(200);
    const wrong = await registry.call('PUT', '/trust/x/y.json', { body: {} });
    expect([wrong.status, wrong.json.error]).toEqual([404, 'not_found']);
    expect((await registry.call('PUT', `/${NAME}/1.0.0/in.json`, { body: {} })).status).toBe(405);
  });

  it('is gone with a yank, also where it was held in memory, and back when that is taken back', async () => {
    const path = `/${NAME}/1.0.0/in.json`;
    expect(await statusOf(path)).toBe(200);
    await registry.call('POST', `/v1/packs/${NAME}/-/1.0.0/yank`, { body: { reason: 'x' } });
    expect(await statusOf(path)).toBe(404);
    expect(await statusOf(`/${NAME}/1.0.0/large.json`)).toBe(404);
    await registry.call('DELETE', `/v1/packs/${NAME}/-/1.0.0/yank`);
    expect(await statusOf(path)).toBe(200);
  });

  it('is gone with an unpublished version', async () => {
    await publish('vendor.acme.removed');
    expect(await statusOf('/vendor.acme.removed/1.0.0/in.json')).toBe(200);
    const body = { reason: 'x' };
    expect(
      (await registry.call('DELETE', '/v1/packs/vendor.acme.removed/-/1.0.0', { body })).status,
    ).toBeLessThan(300);
    expect(await statusOf('/vendor.acme.removed/1.0.0/in.json')).toBe(404);
  });

  it('never has those of private packs, whoever asks', async () => {
    await publish('private.host.secret', '1.0.0', 'v1', host);
    const reader = await accountWith(registry.call, 'reader', ['packs:read'], ['private.host.*']);
    for (const token of [null, reader, registry.adminToken])
      expect((await get('/private.host.secret/1.0.0/in.json', token)).json.error).toBe('not_found');
  });

  it('serves nothing of a tarball whose bytes changed in the store', async () => {
    await publish('vendor.acme.broken');
    const [row] = await registry.sql<{ hex: string }[]>`
      select encode(digest, 'hex') as hex from versions where name = 'vendor.acme.broken'`;
    const all = await readdir(join(registry.dataDir, 'blobs'), { recursive: true });
    const path = join(registry.dataDir, 'blobs', all.find((each) => each.endsWith(String(row?.hex))) ?? '');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await chmod(path, 0o600);
    await writeFile(path, bytes);
    expect(await statusOf('/vendor.acme.broken/1.0.0/in.json')).toBe(500);
  });
});
