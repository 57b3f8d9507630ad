// Locking at the registry of this project: what is chosen, what is written down, and what a later time makes of it.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installPacks, memoryTrustStore, type TrustStore } from '../../src/client/index.ts';
import { companionText } from '../../src/client/lock/companion.ts';
import { planFromLock } from '../../src/client/lock/frozen.ts';
import { lockfileText, parseLockfile } from '../../src/client/lock/lockfile.ts';
import { type LockOptions, makeLock } from '../../src/client/lock/make-lock.ts';
import { findOutdated } from '../../src/client/lock/outdated.ts';
import { openSources } from '../../src/client/policy/open-sources.ts';
import { parseRequest } from '../../src/client/request.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';

let registry: TestRegistry;
let store: TrustStore;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry();
  store = memoryTrustStore();
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

const publish = async (
  name: string,
  version: string,
  dependencies: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const body = await acme.pack({ name, version, edits: { '/dependencies': dependencies } });
  const headers = statementHeaders(await stated(acme, body));
  const { status } = await registry.call('PUT', addressOf(name, version), { body, headers });
  expect(status).toBe(201);
};

const yank = async (name: string, version: string): Promise<void> => {
  const answer = await registry.call('POST', `/v1/packs/${name}/-/${version}/yank`, {
    body: { reason: 'broken' },
  });
  expect(answer.status).toBe(200);
};

const sourcesOf = () => [{ url: registry.url, store }];
const sources = () => openSources({ sourcesOf });
const lock = (wishes: readonly string[], more: Partial<LockOptions> = {}) =>
  makeLock({ sources: sources(), wishes, now: new Date(), ...more });
const versionsOf = ({ lock: { packs } }: Awaited<ReturnType<typeof lock>>) =>
  packs.map(({ name, version }) => `${name.split('.').at(-1)}@${version}`);

const tempDir = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'attestry-lock-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
};

describe('a lockfile', () => {
  const [TOOLS, BASE] = ['vendor.acme.tools', 'vendor.acme.base'];

  it('holds what was asked for and what that needs, verified, and the same bytes each time', async () => {
    await publish(BASE, '1.0.0');
    await publish(BASE, '1.1.0');
    await publish(TOOLS, '1.0.0', { [BASE]: '^1.0.0' });
    const made = await lock([`${TOOLS}@^1`]);
    expect(versionsOf(made)).toEqual(['base@1.1.0', 'tools@1.0.0']);
    expect(made.packs.map(({ assurance }) => assurance)).toEqual(['log+bytes', 'log+bytes']);
    const [, tools] = made.lock.packs;
    expect(tools).toMatchObject({
      resolved: `${registry.url}/v1/packs/${TOOLS}/-/1.0.0.tgz`,
      dependencies: { [BASE]: '1.1.0' },
    });
    const again = await lock([`${TOOLS}@^1`]);
    expect(lockfileText(again.lock)).toBe(lockfileText(made.lock));
    expect(companionText(again.companion)).toBe(companionText(made.companion));
  });

  it('installs those very bytes later, whatever was published since', async () => {
    const made = await lock([`${TOOLS}@^1`]);
    await publish(BASE, '1.2.0');
    const dir = await tempDir();
    const planned = planFromLock(parseLockfile(Buffer.from(lockfileText(made.lock))), []);
    const options = { url: registry.url, store, dir, planned, continues: made.companion.logs, requests: [] };
    const installed = await installPacks(options);
    expect(installed.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([
      `${BASE}@1.1.0`,
      `${TOOLS}@1.0.0`,
    ]);
    expect(await installPacks(options)).toMatchObject([{ installed: false }, { installed: false }]);
  });

  it('lets nothing be installed where it names other bytes, or lacks something', async () => {
    const made = await lock([`${TOOLS}@^1`]);
    const dir = await tempDir();
    const install = (packs: typeof made.lock.packs) =>
      installPacks({
        url: registry.url,
        store,
        dir,
        requests: [],
        planned: planFromLock({ ...made.lock, packs }, []),
      });
    const swapped = made.lock.packs.map((pack) => ({ ...pack, integrity: `sha256-${'A'.repeat(43)}=` }));
    await expect(install(swapped)).rejects.toMatchObject({ code: 'pack_integrity_mismatch' });
    const partial = made.lock.packs
      .filter(({ name }) => name === TOOLS)
      .map(({ dependencies: _left, ...pack }) => pack);
    await expect(install(partial)).rejects.toMatchObject({
      code: 'pack_lockfile_incomplete',
      evidence: { name: BASE, requestedBy: `${TOOLS}@1.0.0` },
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it('of a tool that does not say who needs what brings along all that is locked', async () => {
    const made = await lock([`${TOOLS}@^1`]);
    const install = async (packs: typeof made.lock.packs, dir: string) =>
      installPacks({
        url: registry.url,
        store,
        dir,
        requests: [TOOLS],
        planned: planFromLock({ ...made.lock, packs }, [parseRequest(TOOLS)]),
      });
    const silent = made.lock.packs.map(({ dependencies: _left, ...pack }) => pack);
    const dir = await tempDir();
    await install(silent, dir);
    expect((await readdir(dir)).filter((name) => !name.startsWith('.')).sort()).toEqual([BASE, TOOLS]);
    // One that says that nothing is needed is no help: half of a set must not be installed.
    const denied = made.lock.packs.map((pack) => ({ ...pack, dependencies: {} }));
    const other = await tempDir();
    await expect(install(denied, other)).rejects.toMatchObject({
      code: 'pack_lockfile_incomplete',
      evidence: { name: BASE, requestedBy: `${TOOLS}@1.0.0` },
    });
    expect(await readdir(other)).toEqual([]);
  });

  it('holds a signature that another tool recorded to what it is over (node-packs.md, rule 3)', async () => {
    const made = await lock([`${BASE}@1.0.0`]);
    const dir = await tempDir();
    const install = (publicKey: string) => {
      const signature = {
        algorithm: 'ed25519',
        publicKey,
        value: Buffer.alloc(64).toString('base64'),
      } as const;
      const packs = made.lock.packs.map((pack) => ({ ...pack, signature }));
      return installPacks({
        url: registry.url,
        store,
        dir,
        requests: [],
        planned: planFromLock({ ...made.lock, packs }, []),
      });
    };
    const key = Buffer.from(acme.publicKeyPem.split('\n')[1] ?? '', 'base64')
      .subarray(-32)
      .toString('base64');
    for (const publicKey of [key, 'AAAA'])
      await expect(install(publicKey)).rejects.toMatchObject({ code: 'pack_signature_invalid' });
  });
});

describe('a lockfile of a registry whose log has another key now', () => {
  const PACK = 'vendor.acme.kept';

  it('is taken by whoever was handed the root, and by nobody else, however often he asks', async () => {
    await publish(PACK, '1.0.0');
    const made = await lock([PACK]);
    const logs = made.companion.logs.map((log) => ({ ...log, vkey: 'elsewhere.example+00000000+AAAA' }));
    const before = { lock: made.lock, companion: { ...made.companion, logs } };
    const fresh = memoryTrustStore();
    const from = (more = {}) =>
      openSources({ sourcesOf: () => [{ url: registry.url, store: fresh, ...more }] });
    for (const _attempt of ['at first sight', 'remembered'])
      await expect(lock([PACK], { before, sources: from() })).rejects.toMatchObject({ code: 'log_fork' });
    const handed = await fetch(`${registry.url}/trust/root.json`);
    const pinnedRoot = new Uint8Array(await handed.arrayBuffer());
    expect(versionsOf(await lock([PACK], { before, sources: from({ pinnedRoot }) }))).toEqual(['kept@1.0.0']);
  });
});

describe('a lock as of an earlier time', () => {
  const TIMED = 'vendor.acme.timed';

  it('has what was published by then, also what was yanked since, and the head it was verified under', async () => {
    await publish(TIMED, '1.0.0');
    await publish(TIMED, '1.1.0');
    const then = await lock([`${TIMED}@*`]);
    const [log] = then.companion.logs;
    await yank(TIMED, '1.1.0');
    await publish(TIMED, '1.2.0');
    await yank(TIMED, '1.2.0');
    await publish(TIMED, '1.3.0');
    expect(versionsOf(await lock([`${TIMED}@*`]))).toEqual(['timed@1.3.0']);
    const again = await lock([`${TIMED}@*`], { at: { size: log?.size ?? 0 } });
    expect(lockfileText(again.lock)).toBe(lockfileText(then.lock));
    expect(again.companion.logs).toMatchObject([{ asOf: { size: log?.size, root: log?.root } }]);
    expect(again.packs.flatMap(({ warnings }) => warnings).join()).toContain('yanked');
    const time = then.packs[0]?.recorded?.at ?? new Date();
    expect(versionsOf(await lock([`${TIMED}@*`], { at: { time } }))).toEqual(['timed@1.1.0']);
  });

  it('knows nothing that came later, not even by its number', async () => {
    for (const wish of [`${TIMED}@1.0.0`, `${TIMED}@*`])
      await expect(lock([wish], { at: { size: 1 } })).rejects.toMatchObject({
        code: 'pack_not_found',
        evidence: { asOf: '1 entry' },
      });
    await expect(lock([`${TIMED}@*`], { at: { size: 1_000_000 } })).rejects.toMatchObject({
      question: 'registry',
      code: 'log_too_short',
      evidence: { asked: 1_000_000 },
    });
  });
});

describe('what is outdated', () => {
  it('is shown with what it would be today, and why that is not the newest', async () => {
    const [app, lib] = ['vendor.acme.app', 'vendor.acme.lib'];
    await publish(lib, '1.0.0');
    await publish(app, '1.0.0', { [lib]: '^1.0.0' });
    const { lock: made, companion } = await lock([`${app}@^1.0.0`]);
    await publish(lib, '1.4.0');
    await publish(lib, '2.0.0');
    const rows = await findOutdated({ sources: sources(), lock: made, companion });
    expect(rows).toEqual([
      { name: app, locked: '1.0.0', wanted: '1.0.0', latest: '1.0.0', why: [] },
      { name: lib, locked: '1.0.0', wanted: '1.4.0', latest: '2.0.0', why: [`${app}@1.0.0 asks for ^1.0.0`] },
    ]);
    await yank(lib, '1.0.0');
    const [, row] = await findOutdated({ sources: sources(), lock: made, companion: undefined });
    expect(row?.why).toContain('the locked version was yanked');
  });
});
