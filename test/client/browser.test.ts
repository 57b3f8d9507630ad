// The verifying code runs where there is no Node: bundled for a browser, in a world that has nothing but web globals.
import { createContext, runInContext } from 'node:vm';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { type BuildResult, build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleBytes, makeBundle, memoryTrustStore, parseRequest } from '../../src/client/index.ts';
import { crc32Portable } from '../../src/protocol/crc32.ts';
import { inflateExactly } from '../../src/protocol/web-inflate.ts';
import { digestOf } from '../../storage/digest.ts';
import { NOW } from '../keys/trust-world.ts';
import { noise } from '../world/archives.ts';
import { makePack, withOtherFiles } from '../world/packs.ts';
import { ROOT } from '../world/source.ts';
import { partOf } from '../world/static-registry.ts';
import { TOOLS } from './host.ts';
import { withoutLog } from './lies.ts';
import { type LoggedRegistry, loggedRegistry, proofOf } from './logged.ts';
import { at, publisher } from './trusted.ts';

type Entry = typeof import('../../src/client/bundle.ts') &
  typeof import('../../src/client/network/fetch-transport.ts') &
  typeof import('../../src/client/registry.ts') &
  typeof import('../../src/client/trust-state.ts') &
  typeof import('../../src/client/verify.ts') &
  typeof import('../../src/client/verify-bundle.ts');

/** What a page imports to verify packs: the same code as everywhere, over the transport that a browser has. */
const MODULES = ['bundle', 'network/fetch-transport', 'registry', 'trust-state', 'verify', 'verify-bundle'];
const ENTRY = MODULES.map((name) => `export * from './src/client/${name}.ts';`).join('\n');

/** `events` is the one Node module that a dependency asks for by name; it brings the portable one along itself. */
const bundled = (): Promise<BuildResult<{ readonly write: false; readonly metafile: true }>> =>
  build({
    stdin: { contents: ENTRY, resolveDir: ROOT },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'attestry',
    alias: { events: 'bare-events' },
    write: false,
    metafile: true,
    logLevel: 'silent',
  });

/** Types of bytes are shared with the test, so that what either side makes is known to the other. */
const webGlobals = (registry: { readonly files: ReadonlyMap<string, Uint8Array> }) => {
  const serve = async (address: string): Promise<Response> => {
    const found = registry.files.get(decodeURIComponent(new URL(address).pathname));
    return new Response(found ? new Uint8Array(found) : null, { status: found ? 200 : 404 });
  };
  const { TextEncoder, TextDecoder, URL: WebUrl, DecompressionStream, AbortController } = globalThis;
  return {
    ...{ TextEncoder, TextDecoder, URL: WebUrl, DecompressionStream, AbortController },
    ...{ setTimeout, clearTimeout, queueMicrotask, atob, btoa, fetch: serve },
    crypto: { getRandomValues: (bytes: Uint8Array) => globalThis.crypto.getRandomValues(bytes) },
    ...{ Uint8Array, ArrayBuffer, DataView },
  };
};

let code = '';

const browserAt = (registry: { readonly files: ReadonlyMap<string, Uint8Array> }): Entry => {
  const context = createContext(webGlobals(registry));
  expect(runInContext('[typeof Buffer, typeof process, typeof require].join()', context)).toBe(
    'undefined,undefined,undefined',
  );
  return runInContext(`${code}\nattestry`, context) as Entry;
};

const verifyIn = async (entry: Entry, url: string) => {
  const transport = entry.fetchTransport({ registry: url });
  const look = { url, transport, store: entry.memoryTrustStore(), ...at() };
  const registry = await entry.lookAtRegistry(look);
  return entry.verifyVersion({ registry })('vendor.acme.tools', '1.0.0');
};

const logged = async (): Promise<LoggedRegistry> => {
  const pack = await makePack(publisher, { files: { 'big.bin': noise(300_000) } });
  const registry = await loggedRegistry(pack);
  await registry.serveStatement(pack);
  return registry;
};

beforeAll(async () => {
  const { outputFiles, metafile } = await bundled();
  const [output] = Object.values(metafile.outputs);
  expect(output?.imports).toEqual([]);
  code = outputFiles[0]?.text ?? '';
}, 60_000);

describe('in a browser', () => {
  it('a version is verified by every question, up to the log and the statement', async () => {
    const registry = await logged();
    const verified = await verifyIn(browserAt(registry), registry.url);
    expect(verified).toMatchObject({ assurance: 'log+bytes', keyId: 'publisher' });
    expect(verified.files.get('big.bin')).toEqual(new Uint8Array(noise(300_000)));
  });

  it('a version of a plain registry is verified as far as that goes', async () => {
    const registry = await withoutLog(await makePack(publisher));
    const verified = await verifyIn(browserAt(registry), registry.url);
    expect(verified.assurance).toBe('manifest');
  });

  it('a bundle is verified without any fetch', async () => {
    const registry = await logged();
    const { url } = registry;
    const store = memoryTrustStore();
    const { bundle } = await makeBundle({ url, store, ...at() }, parseRequest(TOOLS));
    const entry = browserAt({ files: new Map() });
    const read = entry.parseBundle(Buffer.from(bundleBytes(bundle)).toString());
    expect((await entry.verifyBundle(read, { at: NOW })).assurance).toBe('log+bytes');
  });

  it.each([
    ['swapped code', 'leaf_digest_mismatch'],
    ['a swapped tarball', 'pack_integrity_mismatch'],
    ['a withheld proof', 'proof_missing'],
    ['another signature', 'leaf_signature_mismatch'],
  ])('lies are refused for the same reasons: %s (%s)', async (lie, expected) => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    const swapped = await withOtherFiles(pack, { 'index.mjs': 'evil' });
    if (lie === 'swapped code') registry.add(swapped);
    if (lie === 'a swapped tarball') registry.files.set(partOf(pack, 'tgz'), swapped.tarball);
    if (lie === 'a withheld proof') registry.files.delete(proofOf(pack));
    if (lie === 'another signature') registry.files.set(partOf(pack, 'sig'), new Uint8Array(64));
    await expect(verifyIn(browserAt(registry), registry.url)).rejects.toMatchObject({ code: expected });
  });

  const sound = gzipSync(Buffer.alloc(2_000, 'x'));
  const cases: readonly (readonly [string, Buffer])[] = [
    ['bytes behind the member', Buffer.concat([sound, Buffer.from('behind')])],
    ['a second member', Buffer.concat([sound, sound])],
    [
      'bytes before the trailer',
      Buffer.concat([sound.subarray(0, -8), Buffer.from('x'), sound.subarray(-8)]),
    ],
    ['a wrong checksum', Buffer.concat([sound.subarray(0, -8), Buffer.alloc(4), sound.subarray(-4)])],
    ['a wrong size', Buffer.concat([sound.subarray(0, -4), Buffer.alloc(4)])],
    ['a missing end', sound.subarray(0, -20)],
    ['a bomb', gzipSync(Buffer.alloc(60 * 1024 * 1024))],
  ];
  it.each(cases)('a gzip member is read as strictly as anywhere: %s is refused', async (_name, tarball) => {
    const pack = { ...(await makePack(publisher)), tarball };
    const registry = await withoutLog(pack);
    await expect(verifyIn(browserAt(registry), registry.url)).rejects.toMatchObject({
      code: 'archive_invalid',
      evidence: { violations: [{ code: expect.stringMatching(/^tarball_(gunzip_failed|too_large)$/) }] },
    });
  });
});

describe('what stands in for Node', () => {
  it('sums like zlib', () => {
    expect(crc32Portable(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32Portable(Buffer.from('6789'), crc32Portable(Buffer.from('12345')))).toBe(0xcbf43926);
  });

  it('inflates what zlib deflated, and refuses every beginning of it', async () => {
    const deflated = deflateRawSync(noise(500));
    const pieces = await inflateExactly(deflated, () => {});
    expect(digestOf(Buffer.concat(pieces))).toBe(digestOf(noise(500)));
    for (let end = 0; end < deflated.length; end += 50)
      await expect(inflateExactly(deflated.subarray(0, end), () => {})).rejects.toThrow('cut short');
  });
});
