// An install asks for little at once and for nothing twice, and of several packs that fail the first one is named.
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { installPacks, type Transport } from '../../src/client/index.ts';
import { sparingTransport } from '../../src/client/network/sparing-transport.ts';
import type { Reply } from '../../src/network/transport-error.ts';
import { makePack } from '../world/packs.ts';
import { partOf } from '../world/static-registry.ts';
import { acme, newHost, registryWith, tempFolder } from './host.ts';

const JSON_RULES = { maxBytes: 1024 * 1024, accept: 'application/json' };
const replyOf = (url: string, status = 200, size = 10): Reply => ({
  url,
  status,
  body: new Uint8Array(size),
});

/** A network that answers when it is told to. */
const slowNetwork = (answer: (url: string) => Reply) => {
  const asked: string[] = [];
  const open: (() => void)[] = [];
  let [now, most] = [0, 0];
  const get: Transport['get'] = (url) => {
    asked.push(url);
    now += 1;
    most = Math.max(most, now);
    return new Promise((resolve) => {
      open.push(() => {
        now -= 1;
        resolve(answer(url));
      });
    });
  };
  const send: Transport['send'] = () => Promise.reject(new Error('nothing is sent here'));
  return { transport: { get, send }, asked, open, most: () => most };
};

const immediately = (answer: (url: string) => Reply) => {
  const asked: string[] = [];
  const get: Transport['get'] = async (url) => {
    asked.push(url);
    return answer(url);
  };
  const send: Transport['send'] = () => Promise.reject(new Error('nothing is sent here'));
  return { transport: { get, send }, asked };
};

describe('a sparing transport', () => {
  it('has a bounded number of requests under way, and answers every one', async () => {
    const network = slowNetwork((url) => replyOf(url));
    const sparing = sparingTransport(network.transport);
    const answers = Array.from({ length: 40 }, (_, each) => sparing.get(`/${each}`, { maxBytes: 10 }));
    for (let answered = 0; answered < 40; answered += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      network.open.shift()?.();
    }
    expect((await Promise.all(answers)).map(({ url }) => url)).toHaveLength(40);
    expect(network.most()).toBe(32);
  });

  it('asks for a document once, also where it is asked for twice at the same time', async () => {
    const { transport, asked } = immediately((url) => replyOf(url));
    const sparing = sparingTransport(transport);
    await Promise.all([sparing.get('/a', JSON_RULES), sparing.get('/a', JSON_RULES)]);
    await sparing.get('/a', JSON_RULES);
    expect(asked).toEqual(['/a']);
  });

  it('gives nobody more than he takes, also where somebody before him took more', async () => {
    const { transport } = immediately((url) => replyOf(url, 200, 100));
    const sparing = sparingTransport(transport);
    await sparing.get('/a', JSON_RULES);
    await expect(sparing.get('/a', { ...JSON_RULES, maxBytes: 99 })).rejects.toMatchObject({
      code: 'too_large',
    });
    expect((await sparing.get('/a', { ...JSON_RULES, maxBytes: 100 })).body).toHaveLength(100);
  });

  it('remembers that something is not there, but no failure of the registry', async () => {
    const { transport, asked } = immediately((url) => replyOf(url, url === '/gone' ? 404 : 503));
    const sparing = sparingTransport(transport);
    for (const url of ['/gone', '/gone', '/busy', '/busy']) await sparing.get(url, JSON_RULES);
    expect(asked).toEqual(['/gone', '/busy', '/busy']);
  });

  it('keeps neither what is no document nor a document that is large', async () => {
    const { transport, asked } = immediately((url) => replyOf(url, 200, url === '/large' ? 300_000 : 10));
    const sparing = sparingTransport(transport);
    for (let turn = 0; turn < 2; turn += 1) {
      await sparing.get('/large', JSON_RULES);
      await sparing.get('/bytes', { maxBytes: 10, accept: 'application/octet-stream, */*' });
    }
    expect(asked).toEqual(['/large', '/bytes', '/large', '/bytes']);
  });

  it('keeps no more than it has room for', async () => {
    const { transport, asked } = immediately((url) => replyOf(url, 200, 256 * 1024));
    const sparing = sparingTransport(transport);
    const urls = Array.from({ length: 200 }, (_, each) => `/${each}`);
    for (const url of [...urls, ...urls]) await sparing.get(url, JSON_RULES);
    expect(asked.length).toBe(200 + 200 - 128);
  });
});

describe('an install of many packs', () => {
  const named = (each: number): string => `vendor.acme.many-${String(each).padStart(2, '0')}`;
  const many = () =>
    Promise.all(Array.from({ length: 20 }, (_, each) => makePack(acme, { name: named(each) })));

  it('asks for no document twice, whatever needs it', async () => {
    const packs = await many();
    const registry = await registryWith(packs);
    const requests = packs.map(({ name }) => `${name}@^1.0.0`);
    const folder = await tempFolder();
    await installPacks({
      url: registry.url,
      dir: `${folder}/packs`,
      statePath: `${folder}/s.json`,
      requests,
    });
    const documents = registry.requests.filter((path) => path.endsWith('.json'));
    expect(documents.length).toBe(new Set(documents).size);
    const tarballs = registry.requests.filter((path) => path.endsWith('.tgz'));
    expect(tarballs.toSorted()).toEqual(packs.map((pack) => partOf(pack, 'tgz')).toSorted());
  });

  it('names the first that fails, however late it fails, and leaves nothing behind', async () => {
    const packs = await many();
    const registry = await registryWith(packs);
    registry.lieAbout(/many-03\/-\/1\.0\.0\.tgz$/, (response) =>
      setTimeout(() => response.end(Buffer.from('late lie')), 300),
    );
    registry.lieAbout(/many-05\/-\/1\.0\.0\.tgz$/, (response) => response.end(Buffer.from('lie')));
    const host = await newHost();
    const refused = await host
      .install(
        registry,
        packs.map(({ name }) => `${name}@1.0.0`),
      )
      .catch((error: unknown) => error);
    const expected = registry.json(`/v1/packs/${named(3)}/-/1.0.0.json`)['integrity'];
    expect(refused).toMatchObject({ code: 'pack_integrity_mismatch', evidence: { expected } });
    await expect(readdir(host.dir)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
