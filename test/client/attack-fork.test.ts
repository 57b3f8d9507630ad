// A fork: the log shows one history to one client and another to the next; whoever sees both keeps the evidence.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vkeyOf } from '../../keys/key.ts';
import { openRegistry } from '../../src/client/index.ts';
import { openCheckpoint } from '../../src/protocol/checkpoint.ts';
import { rootOf, signer } from '../keys/trust-world.ts';
import { bodyOf, statusOf } from '../world/lying-registry.ts';
import { makePack } from '../world/packs.ts';
import { newHost, TOOLS, tempFolder } from './host.ts';
import { assuranceAt, refusedAtOpening, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, type LoggedRegistry, loggedRegistry, proofOf } from './logged.ts';
import { otherLeaf, type TestLog, testLog } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const TILES = /transparency\/tile/;

const world = async () => {
  const packs = [await makePack(publisher), await makePack(publisher, { version: '2.0.0' })] as const;
  const registry = await loggedRegistry(...packs);
  const host = await newHost();
  await host.install(registry, TOOLS, at());
  return { registry, host, packs };
};

/** Another history: the first leaves of the honest one, and then others. */
const forkOf = ({ log }: LoggedRegistry, kept: number, others: number): TestLog => {
  const evil = Array.from({ length: others }, (_, number) => otherLeaf(`evil ${number}`));
  return testLog([...log.leaves.slice(0, kept), ...evil]);
};

describe('a fork shown to one client', () => {
  it.each([
    ['of the same size', 4, 1],
    ['that is larger', 4, 7],
    ['that is larger by more than a tile', 2, 300],
    ['from the very first leaf on', 0, 12],
  ])('is refused: a head %s', async (_name, kept, others) => {
    const { registry, host } = await world();
    const seen = registry.files.get(CHECKPOINT) ?? new Uint8Array();
    const fork = forkOf(registry, kept, others);
    await registry.serveLog(fork);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'log_fork' });
    const [evidence] = host.evidence;
    expect(evidence?.remembered.note).toBe(Buffer.from(seen).toString());
    expect(evidence?.found.note).toBe(await fork.head());
    expect(refused.evidence['proof']).toEqual(evidence?.proof);
  });

  it('is refused where it comes with the proof of a version', async () => {
    const { registry, host, packs } = await world();
    const fork = forkOf(registry, 4, 1);
    registry.files.set(
      proofOf(packs[1]),
      Buffer.from(await fork.proof(3, fork.leaves[3] ?? new Uint8Array())),
    );
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'log_fork' });
  });

  it('is not noticed by a client that was never shown anything else, which is what witnesses are for', async () => {
    const { registry, packs } = await world();
    const fork = testLog([
      ...registry.log.leaves.slice(0, 3),
      otherLeaf('evil'),
      ...registry.log.leaves.slice(3),
    ]);
    registry.files.set(CHECKPOINT, Buffer.from(await fork.head()));
    const proof = await fork.proof(4, registry.log.leaves[3] ?? new Uint8Array());
    registry.files.set(proofOf(packs[0]), Buffer.from(proof));
    expect(await assuranceAt(await newHost(), registry)).toBe('log+manifest');
  });

  it('cannot be told at a registry without a log, which may show anything to anybody', async () => {
    const { packs } = await world();
    expect(await assuranceAt(await newHost(), await withoutLog(...packs))).toBe('manifest');
  });
});

describe('a log that does not prove that it goes on', () => {
  const grown = async () => {
    const all = await world();
    for (let more = 0; more < 9; more += 1) all.registry.log.append(otherLeaf(`more ${more}`));
    await all.registry.serveLog();
    return all;
  };

  it.each([
    ['has no tiles', statusOf(404)],
    ['has empty tiles', bodyOf('')],
    ['has tiles of other hashes', bodyOf(Buffer.alloc(14 * 32, 7))],
    ['has tiles of another width', bodyOf(Buffer.alloc(256 * 32))],
  ])('is refused, and both heads are kept: it %s', async (_name, lie) => {
    const { registry, host } = await grown();
    registry.lieAbout(TILES, lie);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'log_unprovable' });
    expect(host.evidence).toMatchObject([{ remembered: { size: 5 }, found: { size: 14 } }]);
  });

  it('is no fork where it only cannot be reached', async () => {
    const { registry, host } = await grown();
    registry.lieAbout(TILES, statusOf(503));
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'pack_registry_unreachable' });
    expect(host.evidence).toEqual([]);
  });
});

describe('the evidence', () => {
  const forked = async () => {
    const { registry } = await world();
    const folder = await tempFolder();
    const statePath = join(folder, 'state.json');
    const host = await newHost();
    const changes = { ...at(), statePath, store: undefined };
    await host.install(registry, TOOLS, changes);
    const refusedWith = async (fork: TestLog) => {
      await registry.serveLog(fork);
      return host.refusal(registry, TOOLS_2, changes);
    };
    return { registry, folder, refusedWith };
  };

  it('is a file beside what is remembered, and convinces whoever knows the log’s key', async () => {
    const { registry, folder, refusedWith } = await forked();
    const { evidence } = await refusedWith(forkOf(registry, 4, 5));
    expect(evidence['saved']).toBe(join(folder, 'state.json.fork-9.json'));
    const kept = JSON.parse(await readFile(String(evidence['saved']), 'utf8'));
    const { vkey } = rootOf().log;
    expect(openCheckpoint(kept.remembered.note, vkey).size).toBe(5);
    expect(openCheckpoint(kept.found.note, vkey).size).toBe(9);
    expect(kept.proof).toEqual(evidence['proof']);
  });

  it('is never overwritten: the same fork has one file, each other one its own', async () => {
    const { registry, folder, refusedWith } = await forked();
    const first = forkOf(registry, 4, 5);
    await refusedWith(first);
    const bytes = await readFile(join(folder, 'state.json.fork-9.json'));
    await refusedWith(first);
    expect((await refusedWith(forkOf(registry, 3, 6))).evidence['saved']).toContain('fork-9-2.json');
    expect(await readFile(join(folder, 'state.json.fork-9.json'))).toEqual(bytes);
    const names = ['state.json', 'state.json.fork-9-2.json', 'state.json.fork-9.json'];
    expect((await readdir(folder)).filter((name) => name.startsWith('state')).sort()).toEqual(names);
  });
});

describe('two processes at once', () => {
  const two = async () => {
    const { registry, packs } = await world();
    const store = (await newHost()).store;
    const look = () => openRegistry({ url: registry.url, store, ...at() });
    const [slow, quick] = [await look(), await look()];
    return { registry, packs, store, slow, quick };
  };

  it('leave the larger head behind, whichever ends last', async () => {
    const { registry, store, slow, quick } = await two();
    for (let more = 0; more < 9; more += 1) registry.log.append(otherLeaf(`more ${more}`));
    await registry.serveLog();
    await registry.serveLog(registry.log, 7);
    await quick.log?.believe('leaf', await registry.log.head(14));
    await slow.log?.believe('leaf', await registry.log.head(7));
    expect((await store.recall())?.checkpoint?.size).toBe(14);
  });

  it('do not each believe one side of a fork', async () => {
    const { registry, slow, quick, store } = await two();
    const fork = forkOf(registry, 5, 4);
    registry.log.append(otherLeaf('honest'));
    await registry.serveLog();
    await quick.log?.believe('leaf', await registry.log.head());
    await registry.serveLog(fork);
    await expect(slow.log?.believe('leaf', await fork.head())).rejects.toMatchObject({ code: 'log_fork' });
    expect((await store.recall())?.checkpoint?.size).toBe(6);
  });

  it('do not, even where one of them is quicker by a moment', async () => {
    const { registry, slow, quick, store } = await two();
    const fork = forkOf(registry, 5, 4);
    registry.log.append(otherLeaf('honest'));
    const honest = await registry.log.head();
    await registry.serveLog(fork);
    await registry.serveLog(registry.log);
    const [one, other] = await Promise.allSettled([
      quick.log?.believe('leaf', honest),
      slow.log?.believe('leaf', await fork.head()),
    ]);
    expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect([6, 9]).toContain((await store.recall())?.checkpoint?.size);
  });

  it('under two roots: who knows only the older one changes nothing about the log of the newer one', async () => {
    const { registry, slow, store } = await two();
    const vkey = vkeyOf('log.example.com', signer('log-2').publicKey);
    await registry.serveRoot({ version: 2, log: { origin: 'log.example.com', vkey } });
    await registry.serveLog(testLog(registry.log.leaves, 'log-2'));
    await openRegistry({ url: registry.url, store, ...at() });
    const remembered = await store.recall();
    registry.log.append(otherLeaf('more'));
    await registry.serveLog();
    await slow.log?.believe('leaf', await registry.log.head());
    expect(await store.recall()).toEqual(remembered);
  });
});
