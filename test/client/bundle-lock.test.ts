// A whole lockfile in one file: installed where there is no network, by every question, and refused once it was tampered with.
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type InstallBundleOptions,
  installLockBundle,
  loadInstalled,
  type MadeLock,
  makeLock,
  makeLockBundle,
  memoryTrustStore,
  openLockBundle,
  openSources,
  Refusal,
  type TrustStore,
} from '../../src/client/index.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';
import { answerAt, type Parts, tamper } from './bundle-parts.ts';
import { cutOff } from './cut-off.ts';
import { policyWith } from './policy-world.ts';

const [APP, LIB] = ['vendor.acme.app', 'vendor.acme.lib'];
const TARBALL = `/v1/packs/${LIB}/-/1.0.0.tgz`;

let registry: TestRegistry;
let root: Uint8Array;
let made: MadeLock;
let folder: string;
let packed: string;
const acme = createPublisher();
const now = () => new Date(madeAt);
let madeAt = 0;

const publish = async (name: string, version: string, dependencies = {}): Promise<void> => {
  const body = await acme.pack({ name, version, edits: { '/dependencies': dependencies } });
  const headers = statementHeaders(await stated(acme, body));
  expect((await registry.call('PUT', addressOf(name, version), { body, headers })).status).toBe(201);
};

const sourcesOf = () => [{ url: registry.url, store: memoryTrustStore() }];
const lock = (wish: string) =>
  makeLock({ sources: openSources({ sourcesOf }), wishes: [wish], now: new Date() });

const bundleTo = async (
  out: string,
  from = made,
  store: TrustStore = memoryTrustStore(),
): Promise<string> => {
  const options = { ...from, sourcesOf: () => [{ url: registry.url, store }], now };
  await makeLockBundle(options, out);
  return out;
};

const rootOf = async ({ url }: TestRegistry): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(`${url}/trust/root.json`)).arrayBuffer());

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  await publish(LIB, '1.0.0');
  await publish(APP, '1.0.0', { [LIB]: '^1.0.0' });
  root = await rootOf(registry);
  made = await lock(`${APP}@^1`);
  madeAt = Date.now();
  folder = await mkdtemp(join(tmpdir(), 'attestry-bundle-lock-'));
  packed = await bundleTo(join(folder, 'packs.bundle'));
});
afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const isThere = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => undefined)) !== undefined;

const tempDir = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'attestry-air-gap-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
};

const copied = async (change: (parts: Parts) => void): Promise<string> => {
  const path = join(await tempDir(), 'copy.bundle');
  await writeFile(path, await readFile(packed));
  await tamper(path, change);
  return path;
};

type Changes = Partial<InstallBundleOptions>;

const install = async (path: string, dir: string, changes: Changes = {}) => {
  const bundle = await openLockBundle(path);
  try {
    return await installLockBundle(bundle, { dir, pinnedRootOf: () => root, ...changes });
  } finally {
    await bundle.close();
  }
};

/** Nothing was put on disk, not even the directory. */
const refusalOf = async (path: string, changes: Changes = {}): Promise<Refusal> => {
  const dir = join(await tempDir(), 'packs');
  const outcome = await install(path, dir, changes).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  expect(await isThere(dir)).toBe(false);
  return outcome as Refusal;
};

describe('the bundle of a lockfile', () => {
  it('is installed whole without a network, by every question that is asked with one', async () => {
    cutOff();
    const dir = join(await tempDir(), 'packs');
    const installed = await install(packed, dir);
    expect(installed.map(({ name, verified }) => [name, verified?.assurance, verified?.warnings])).toEqual([
      [APP, 'log+bytes', []],
      [LIB, 'log+bytes', []],
    ]);
    for (const { verified } of installed)
      expect(
        verified?.questions.filter(({ answer }) => answer !== 'yes').map((each) => each.question),
      ).toEqual(
        ['engines', 'policy'].filter((each) => verified?.questions.some(({ question }) => question === each)),
      );
    expect((await loadInstalled(dir, LIB)).manifest['version']).toBe('1.0.0');
    const again = await install(packed, dir);
    expect(again.map((each) => each.installed)).toEqual([false, false]);
  });

  it('gives a part of it, with what that needs', async () => {
    const dir = join(await tempDir(), 'packs');
    expect(await install(packed, dir, { requests: [`${LIB}@^1`] })).toMatchObject([{ name: LIB }]);
    expect(await readdir(dir)).toEqual([LIB]);
  });

  it('is the same file for the same answers, leaves nothing beside it and overwrites nothing', async () => {
    const again = await bundleTo(join(folder, 'again.bundle'));
    expect((await readFile(again)).equals(await readFile(packed))).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['again.bundle', 'packs.bundle']);
    await expect(bundleTo(packed)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('is not made of what is refused, and nothing is left of the attempt', async () => {
    const [first] = made.lock.packs;
    const packs = made.lock.packs.map((pack) => ({ ...pack, integrity: `sha256-${'A'.repeat(43)}=` }));
    expect(first).toBeDefined();
    const dir = await tempDir();
    const attempt = bundleTo(join(dir, 'x.bundle'), { ...made, lock: { ...made.lock, packs } });
    await expect(attempt).rejects.toMatchObject({ code: 'pack_integrity_mismatch' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('may be followed by a newer one, and then is too old for whoever remembers that', async () => {
    const memory = memoryTrustStore();
    const maker = memoryTrustStore();
    const dir = join(await tempDir(), 'packs');
    const older = await bundleTo(join(await tempDir(), 'a'), made, maker);
    await install(older, dir, { storeOf: () => memory });
    await publish('vendor.acme.more', '1.0.0');
    const next = await lock(`${APP}@^1`);
    const newer = await bundleTo(join(await tempDir(), 'b'), next, maker);
    await install(newer, dir, { storeOf: () => memory });
    const old = await refusalOf(older, { storeOf: () => memory });
    expect(old).toMatchObject({ question: 'checkpoint', code: 'checkpoint_rollback' });
    // Whoever remembers nothing is told by what stands beside his lockfile.
    const beside = { lock: made.lock, companion: next.companion };
    expect(await refusalOf(older, { lock: beside })).toMatchObject({ code: 'checkpoint_rollback' });
  });

  it('is refused once it has grown old, with the time as of which it can be asked', async () => {
    const at = new Date(Date.now() + 400 * 86_400_000);
    const refused = await refusalOf(packed, { at });
    expect(refused.code).toMatch(/_expired$/);
    expect(refused.evidence['bundledAt']).toBe(new Date(madeAt).toISOString());
    const dir = join(await tempDir(), 'packs');
    expect(await install(packed, dir, { at: new Date(madeAt) })).toHaveLength(2);
  });
});

describe('a policy at the air gap', () => {
  const under = (document: Readonly<Record<string, unknown>>): Changes => ({
    policy: { rules: [policyWith(document)] },
  });

  it('is asked, with the advisories that the bundle holds', async () => {
    const dir = join(await tempDir(), 'packs');
    const advised = under({ advisories: { refuse: 'low', required: true } });
    expect(await install(packed, dir, advised)).toHaveLength(2);
    const young = await refusalOf(packed, under({ minimumAge: { age: '7d' } }));
    expect(young).toMatchObject({ question: 'policy', code: 'policy_refused' });
  });

  it('says who may be asked for a name, and the bundle has to be of that registry', async () => {
    const elsewhere = under({ registries: [{ url: 'https://other.example', names: ['vendor.acme.*'] }] });
    expect(await refusalOf(packed, elsewhere)).toMatchObject({ code: 'policy_refused' });
    const here = under({ registries: [{ url: registry.url, names: ['vendor.acme.*'] }] });
    expect(await install(packed, join(await tempDir(), 'packs'), here)).toHaveLength(2);
  });
});

describe('a bundle of a lockfile that was tampered with', () => {
  const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const cases: readonly (readonly [string, string, (parts: Parts) => void])[] = [
    [
      'other bytes for a pack',
      'pack_integrity_mismatch',
      (parts) => {
        answerAt(parts, TARBALL).body = Buffer.from('other');
      },
    ],
    [
      'an answer taken away',
      'bundle_incomplete',
      (parts) => {
        parts.answers = parts.answers.filter(({ about }) => about.path !== TARBALL);
      },
    ],
    [
      'the trust documents taken away',
      'trust_documents_missing',
      (parts) => {
        const found = answerAt(parts, '/.well-known/openwop-registry.json');
        const { trust: _trust, ...others } = JSON.parse(found.body.toString());
        found.body = bytesOf(others);
      },
    ],
    [
      'a lockfile in it that names other bytes',
      'pack_integrity_mismatch',
      (parts) => {
        parts.head.lock = parts.head.lock.replace(/sha256-[^"]+/g, `sha256-${'A'.repeat(43)}=`);
      },
    ],
    [
      'a registry in it that nobody asked',
      'bundle_incomplete',
      (parts) => {
        parts.head.sources = { [APP]: 'https://evil.example', [LIB]: 'https://evil.example' };
      },
    ],
    [
      'a pack in its lockfile that it has from nowhere',
      'bundle_incomplete',
      (parts) => {
        parts.head.sources = {};
      },
    ],
    [
      'made later than now',
      'bundle_unreadable',
      (parts) => {
        parts.head.createdAt = '2096-01-01T00:00:00.000Z';
      },
    ],
    [
      'an answer twice',
      'bundle_unreadable',
      (parts) => {
        parts.answers.push(answerAt(parts, TARBALL));
      },
    ],
    [
      'another format',
      'bundle_unreadable',
      (parts) => {
        parts.head.format = 'attestry-bundle/v1';
      },
    ],
  ];
  it.each(cases)('is refused, and nothing is on disk: %s (%s)', async (_name, code, change) => {
    expect((await refusalOf(await copied(change))).code).toBe(code);
  });

  it('is refused by its damage: cut off, or a byte turned', async () => {
    const bytes = await readFile(packed);
    const path = join(await tempDir(), 'damaged.bundle');
    for (const length of [0, 100, bytes.length >> 1, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, length));
      expect((await refusalOf(path)).code).toBe('bundle_unreadable');
    }
    const turned = Buffer.from(bytes);
    const at = turned.indexOf(`"path":"${TARBALL}"`);
    const body = turned.indexOf('\n', at) + 20;
    turned[body] = (turned[body] ?? 0) ^ 1;
    await writeFile(path, turned);
    expect(await refusalOf(path)).toMatchObject({ code: 'bundle_unreadable', evidence: { path: TARBALL } });
  });

  it('is refused where it was made for another lockfile than the one at hand', async () => {
    const other = await lock(LIB);
    const refused = await refusalOf(packed, { lock: other });
    expect(refused).toMatchObject({ code: 'bundle_mismatch', evidence: { expected: [`${LIB}@1.0.0`] } });
  });

  it('is refused where its root is not the pinned one', async () => {
    const foreign = await startRegistry();
    onTestFinished(() => foreign.stop());
    const other = await rootOf(foreign);
    expect(await refusalOf(packed, { pinnedRootOf: () => other })).toMatchObject({
      code: 'keyring_signature',
    });
  });
});
