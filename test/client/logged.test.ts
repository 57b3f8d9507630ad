// What a host believes of a registry with a log when everything is in order, and how far that reaches.
import { describe, expect, it } from 'vitest';
import { parseKeyId } from '../../keys/key.ts';
import { loadInstalled } from '../../src/client/index.ts';
import { delegationOf } from '../keys/trust-world.ts';
import { makePack } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { loggedRegistry } from './logged.ts';
import { otherLeaf } from './test-log.ts';
import { at, publisher } from './trusted.ts';

describe('a version that a log records', () => {
  it('is believed with every question answered but the statement', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    const [pack] = await (await newHost()).install(registry, TOOLS, at());
    const unchecked = pack?.verified?.questions.filter(({ answer }) => answer !== 'yes');
    expect(unchecked?.map(({ question }) => question)).toEqual(['statement', 'engines']);
    expect(pack?.verified).toMatchObject({ assurance: 'log+manifest', recorded: { index: 3, treeSize: 4 } });
  });

  it.each(['v1', 'v2'] as const)(
    'and a statement covers is under its key byte by byte (%s)',
    async (tree) => {
      const pack = await makePack(publisher, { tree });
      const registry = await loggedRegistry(pack);
      await registry.serveStatement(pack);
      const [installed] = await (await newHost()).install(registry, TOOLS, at());
      expect(installed?.verified).toMatchObject({ assurance: 'log+bytes', tree });
      expect(installed?.verified?.questions).toContainEqual({ question: 'statement', answer: 'yes' });
    },
  );

  it('is believed from behind a commitment, where the log shows nothing but that', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { sealed: true });
    await registry.serveLog();
    expect(Buffer.from(registry.log.leaves[3] ?? []).toString()).toContain('"kind":"sealed"');
    expect(await (await newHost()).install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
  });

  it('is believed unsigned where the host takes that, and the log still vouches for its bytes', async () => {
    const registry = await loggedRegistry(await makePack(publisher, { seed: null }));
    const policy = { allowUnsigned: true };
    const [pack] = await (await newHost()).install(registry, TOOLS, { ...at(), policy });
    expect(pack?.verified?.assurance).toBe('log');
  });

  it('is believed by a proof that is older or newer than the head, as long as they are of one history', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    const old = await registry.log.proof(3, registry.log.leaves[3] ?? new Uint8Array());
    for (let more = 0; more < 300; more += 1) registry.log.append(otherLeaf(`more ${more}`));
    await registry.serveLog();
    registry.files.set('/v1/packs/vendor.acme.tools/-/1.0.0.proof', Buffer.from(old));
    expect(await (await newHost()).install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
    registry.files.set('/transparency/checkpoint', Buffer.from(await registry.log.head(4)));
    await registry.serveKeyring({ treeSize: 4 });
    registry.files.set(
      '/v1/packs/vendor.acme.tools/-/1.0.0.proof',
      Buffer.from(await registry.log.proof(3, registry.log.leaves[3] ?? new Uint8Array())),
    );
    const host = await newHost();
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
    expect((await host.store.recall())?.checkpoint?.size).toBe(304);
  });
});

describe('the head of the log', () => {
  it('is remembered, and its successors are believed by proofs that the client makes itself', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    const host = await newHost();
    for (const growth of [0, 1, 60, 255, 600]) {
      for (let more = 0; more < growth; more += 1) registry.log.append(otherLeaf(`${growth} ${more}`));
      await registry.serveLog();
      await host.install(registry, TOOLS, at());
      expect((await host.store.recall())?.checkpoint?.size).toBe(registry.log.size());
    }
  });

  it('is proven from full tiles where the partial ones are gone', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    for (let more = 0; more < 100; more += 1) registry.log.append(otherLeaf(`a ${more}`));
    await registry.serveLog();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    const middle = registry.log.size() + 30;
    for (let more = 0; more < 300; more += 1) registry.log.append(otherLeaf(`b ${more}`));
    await registry.serveLog();
    registry.files.set('/transparency/checkpoint', Buffer.from(await registry.log.head(middle)));
    for (const path of registry.files.keys())
      if (/\.p\/\d+$/.test(path) && path.includes('/0/000.p/')) registry.files.delete(path);
    await host.install(registry, TOOLS, at());
    expect((await host.store.recall())?.checkpoint?.size).toBeGreaterThanOrEqual(middle);
  });
});

describe('the place of a release in the log', () => {
  it('keeps the releases of a key that has expired since, without being asked to', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    await registry.delegate({ notAfter: '2026-05-02T00:00:00Z' });
    expect(await (await newHost()).install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
  });

  it('ends the releases that were recorded after the end of their key', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    await registry.delegate({ notAfter: '2026-04-30T00:00:00Z' });
    expect((await (await newHost()).refusal(registry, TOOLS, at())).code).toBe('key_inactive');
  });

  it.each([
    [4, true],
    [3, false],
  ])('decides what a revocation from position %i on means for leaf 3', async (fromPosition, believed) => {
    const registry = await loggedRegistry(await makePack(publisher));
    const revocation = { keyId: parseKeyId('publisher'), reason: 'stolen', issuedAt: '2026-05-31T00:00:00Z' };
    const delegations = [delegationOf('publisher')];
    await registry.serveKeyring({ delegations, revocations: [{ ...revocation, fromPosition }] });
    const host = await newHost();
    if (believed) expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
    else expect((await host.refusal(registry, TOOLS, at())).code).toBe('key_revoked');
  });

  it('is kept beside the installed pack', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    const { marker } = await loadInstalled(host.dir, 'vendor.acme.tools');
    expect(marker).toMatchObject({
      assurance: 'log+manifest',
      recorded: { index: 3, at: '2026-05-01T00:00:00.000Z', treeSize: 4 },
    });
    registry.requests.length = 0;
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    expect(registry.requests.filter((path) => path.endsWith('.tgz'))).toEqual([]);
  });
});
