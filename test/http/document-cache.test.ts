// Documents from memory: never older than what was forgotten, never more than there is room for.
import { describe, expect, it } from 'vitest';
import { type Document, jsonDocument } from '../../src/http/document.ts';
import { createDocumentCache } from '../../src/http/document-cache.ts';

const ROOM = 64 * 1024;
const made = (value: unknown) => async (): Promise<Document> => jsonDocument(value);

const later = <T>() => {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  return { promise, resolve, reject };
};

describe('the document cache', () => {
  it('makes a document once for all who ask while it is made, and has it ready afterwards', async () => {
    const cache = createDocumentCache(ROOM);
    const making = later<Document>();
    let times = 0;
    const make = () => {
      times += 1;
      return making.promise;
    };
    const asked = [cache.load('/a', ['t'], make), cache.load('/a', ['t'], make)];
    expect(cache.ready('/a')).toBeUndefined();
    making.resolve(jsonDocument(1));
    const [first, second] = await Promise.all(asked);
    expect([times, first === second, cache.ready('/a') === first]).toEqual([1, true, true]);
  });

  it('does not keep what was forgotten while it was made: it may say what was true before', async () => {
    const cache = createDocumentCache(ROOM);
    const old = later<Document>();
    const asked = cache.load('/a', ['t'], () => old.promise);
    cache.forget('t');
    const fresh = await cache.load('/a', ['t'], made('after'));
    old.resolve(jsonDocument('before'));
    await asked;
    expect(cache.ready('/a')).toBe(fresh);
  });

  it('forgets by topic, and only what was made from it', async () => {
    const cache = createDocumentCache(ROOM);
    await cache.load('/both', ['x', 'y'], made(1));
    await cache.load('/y', ['y'], made(2));
    cache.forget('x');
    expect([cache.ready('/both'), cache.ready('/y') === undefined]).toEqual([undefined, false]);
  });

  it('keeps nothing of a failure, so that the next one asks again', async () => {
    const cache = createDocumentCache(ROOM);
    await expect(cache.load('/a', [], () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await cache.load('/a', [], made('there'));
    expect(cache.ready('/a')).toBeDefined();
  });

  it('makes room by letting go what was not asked for, and stays within its bound', async () => {
    const cache = createDocumentCache(ROOM);
    await cache.load('/wanted', [], made('w'));
    for (let index = 0; index < 500; index += 1) {
      cache.ready('/wanted');
      await cache.load(`/${index}`, [`t${index}`], made('x'.repeat(1_000)));
    }
    const held = Array.from({ length: 500 }, (_, index) => cache.ready(`/${index}`)).filter(Boolean);
    expect(cache.ready('/wanted')).toBeDefined();
    expect(held.length).toBeGreaterThan(10);
    expect(held.reduce((sum, document) => sum + (document?.bytes.length ?? 0), 0)).toBeLessThanOrEqual(ROOM);
  });
});
