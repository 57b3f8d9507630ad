// What a client remembers of a registry survives crashes and races, and only moves forward.
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultStatePath } from '../../src/client/file-trust-store.ts';
import { fileTrustStore, memoryTrustStore, type TrustState } from '../../src/client/index.ts';
import type { CheckpointMark } from '../../src/client/trust-state.ts';
import { tempFolder } from './host.ts';

const REGISTRY = 'https://packs.example';

const state = (root: number, keyring?: number, registrar = 'a'): TrustState => ({
  format: 1,
  registry: REGISTRY,
  root: { version: root, sha256: `root ${root}`, envelope: '{}' },
  keyring: keyring === undefined ? undefined : { version: keyring, treeSize: 1, sha256: 'x', registrar },
});

const head = (size: number, vkey = 'log'): CheckpointMark => ({
  vkey,
  size,
  root: 'r',
  note: `${vkey} ${size}`,
});
const list = (version: number, registrar = 'a') => ({ version, treeSize: 1, sha256: 'x', registrar });

const newStore = async () => {
  const path = join(await tempFolder(), 'deep', 'state.json');
  return { path, store: fileTrustStore(path, REGISTRY) };
};

const versions = (found: TrustState | undefined) => [found?.root.version, found?.keyring?.version];

describe('the memory of a registry', () => {
  it('is empty at first, and holds across processes what was put in', async () => {
    const { path, store } = await newStore();
    expect(await store.recall()).toBeUndefined();
    await store.remember(state(3, 7));
    expect(versions(await fileTrustStore(path, REGISTRY).recall())).toEqual([3, 7]);
  });

  it('never goes back, in whatever order two runs end', async () => {
    const { store } = await newStore();
    const newestFirst = [8, 7, 6, 5, 4, 3, 2, 1];
    await Promise.all(newestFirst.map((root) => store.remember(state(root, root))));
    expect(versions(await store.recall())).toEqual([8, 8]);
    await store.remember(state(8, 2));
    expect(versions(await store.recall())).toEqual([8, 8]);
  });

  it('keeps of each base the latest move of its pointer', async () => {
    const { path, store } = await newStore();
    const pointers = (a: number, b: number) => ({
      'kb:a': { generation: a, version: `v${a}` },
      'kb:b': { generation: b, version: `v${b}` },
    });
    await store.remember({ ...state(1), pointers: pointers(3, 1) });
    await store.remember({ ...state(1), pointers: pointers(2, 5) });
    await store.remember(state(2));
    expect((await fileTrustStore(path, REGISTRY).recall())?.pointers).toEqual(pointers(3, 5));
  });

  it('begins the keyring afresh under a new registrar', async () => {
    const { store } = await newStore();
    await store.remember(state(1, 9_000));
    await store.remember(state(2, 1, 'b'));
    expect(versions(await store.recall())).toEqual([2, 1]);
  });

  it('keeps the keyring when only the root moves on', async () => {
    const { store } = await newStore();
    await store.remember(state(1, 5));
    await store.remember(state(2));
    expect(versions(await store.recall())).toEqual([2, 5]);
  });

  it('is for its owner’s eyes, and leaves no other file behind', async () => {
    const { path, store } = await newStore();
    await store.remember(state(1, 1));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(path, '..'))).toEqual(['state.json']);
  });

  it.each([
    ['is cut off', (text: string) => text.slice(0, 40)],
    ['is empty', () => ''],
    ['is of another registry', (text: string) => text.replace(REGISTRY, 'https://evil.example')],
    ['is of another format', (text: string) => text.replace('"format": 1', '"format": 2')],
    [
      'has a head of the log that is none',
      (text: string) => text.replace('"root"', '"checkpoint": 5, "root"'),
    ],
    ['has a version that is no number', (text: string) => text.replace('"version": 1', '"version": "1"')],
  ])('is a refusal, never a fresh start, where the file %s', async (_name, damage) => {
    const { path, store } = await newStore();
    await store.remember(state(1, 1));
    await writeFile(path, damage(await readFile(path, 'utf8')));
    await expect(store.recall()).rejects.toMatchObject({ code: 'trust_state_unreadable', question: 'root' });
    await expect(store.remember(state(2, 2))).rejects.toMatchObject({ code: 'trust_state_unreadable' });
  });

  it('is a failure, never a fresh start, where the file may not be read', async () => {
    if (process.getuid?.() === 0) return;
    const { path, store } = await newStore();
    await store.remember(state(1, 1));
    await chmod(path, 0);
    await expect(store.recall()).rejects.toThrow('EACCES');
  });

  it('has a file of its own for each registry, whatever its address holds', () => {
    const paths = [
      'https://a.example',
      'https://a.example:8443',
      'https://a.example/x',
      'http://[::1]:80/..',
    ];
    const files = paths.map(defaultStatePath);
    expect(new Set(files).size).toBe(paths.length);
    for (const file of files) expect(file).toMatch(/\.attestry\/trust\/[A-Za-z0-9._-]+\.json$/);
  });
});

describe('what is remembered of the log', () => {
  it('moves forward mark by mark, whichever run ends last', async () => {
    const { store } = await newStore();
    await store.remember({ ...state(1), checkpoint: head(9), withdrawals: list(2) });
    await store.remember({ ...state(1), checkpoint: head(4), withdrawals: list(5) });
    await store.remember(state(2));
    const found = await store.recall();
    expect([found?.root.version, found?.checkpoint?.size, found?.withdrawals?.version]).toEqual([2, 9, 5]);
  });

  it('begins afresh with the log key and the registrar of a newer root', async () => {
    const { store } = await newStore();
    await store.remember({ ...state(1), checkpoint: head(9_000), withdrawals: list(9_000) });
    await store.remember({ ...state(2), checkpoint: head(4, 'log-2'), withdrawals: list(1, 'b') });
    await store.remember({ ...state(1), checkpoint: head(9_001), withdrawals: list(9_001) });
    const found = await store.recall();
    expect([found?.checkpoint?.size, found?.withdrawals?.version]).toEqual([4, 1]);
  });

  it.each([
    ['a file', async () => (await newStore()).store],
    ['memory', async () => memoryTrustStore()],
  ])(
    'is changed by one at a time: a head is remembered after the one it continues, in %s',
    async (_name, make) => {
      const store = await make();
      expect(await store.rememberHead(head(3), undefined)).toBe(false);
      await store.remember(state(1));
      const outcomes = await Promise.all([3, 4, 5].map((size) => store.rememberHead(head(size), undefined)));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const kept = (await store.recall())?.checkpoint;
      expect(await store.rememberHead(head(8), head(7))).toBe(false);
      expect(await store.rememberHead(head(8), kept)).toBe(true);
      expect((await store.recall())?.checkpoint?.size).toBe(8);
    },
  );
});
