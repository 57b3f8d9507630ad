// How long and how far a registry may lead a client before it shows its first pack.
import { describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import { memoryTrustStore, openRegistry, type Transport } from '../../src/client/index.ts';
import { rootOf, signedRoot } from '../keys/trust-world.ts';
import { drippingBody, neverAnswers } from '../world/lying-registry.ts';
import { makePack } from '../world/packs.ts';
import { DISCOVERY, type Lie } from '../world/static-registry.ts';
import { acme, newHost, registryWith, TOOLS } from './host.ts';
import { at, publisher, trustedRegistry } from './trusted.ts';

const OPENING = { ...at(), openingMs: 300 };
const FEW = 32;

/** Every answer in good time, and never the last one. */
const late =
  (ms: number): Lie =>
  (response, honest) =>
    void setTimeout(() => response.writeHead(honest.length === 0 ? 404 : 200).end(honest), ms);

const rootsOn = async (last: number) => {
  const registry = await trustedRegistry(await makePack(publisher));
  for (let version = 2; version <= last; version += 1) {
    const envelope = envelopeText(await signedRoot(rootOf({ version }), 'root-a', 'root-b'));
    registry.files.set(`/trust/${version}.root.json`, Buffer.from(envelope));
  }
  return registry;
};

describe('a registry that is opened', () => {
  it.each([
    ['drips its discovery document', DISCOVERY, drippingBody, 'registry'],
    ['never shows its first root', /trust\/root/, neverAnswers, 'root'],
    ['never shows its keyring', /keyring/, neverAnswers, 'keyring'],
  ])('has one deadline for all of it: one that %s', async (_name, path, lie, question) => {
    const registry = await trustedRegistry(await makePack(publisher));
    registry.lieAbout(new RegExp(path), lie);
    const host = await newHost();
    expect(await host.refusal(registry, TOOLS, OPENING)).toMatchObject({ code: 'reply_too_slow', question });
  });

  it('has used it up after many answers that were each in time', async () => {
    const registry = await rootsOn(30);
    registry.lieAbout(/./, late(40));
    expect((await (await newHost()).refusal(registry, TOOLS, OPENING)).code).toBe('reply_too_slow');
    const asked = registry.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(registry.requests.length).toBe(asked);
  });

  it('is held to it also over a transport that knows no time', async () => {
    const transport: Transport = {
      get: () => new Promise(() => {}),
      send: () => new Promise(() => {}),
    };
    const options = { url: 'http://registry.invalid', transport, store: memoryTrustStore(), openingMs: 50 };
    await expect(openRegistry(options)).rejects.toMatchObject({ code: 'reply_too_slow' });
  });

  it('has the usual time for its packs after that', async () => {
    const registry = await registryWith([await makePack(acme)]);
    registry.lieAbout(/tgz$/, late(2_500));
    const host = await newHost();
    expect(await host.install(registry, TOOLS, { openingMs: 2_000 })).toMatchObject([{ installed: true }]);
  });
});

describe('roots that go on and on', () => {
  it('are walked for few steps on first use, and nothing of them is remembered', async () => {
    const registry = await rootsOn(FEW + 2);
    const host = await newHost();
    for (const _attempt of ['first', 'second']) {
      const { code, evidence } = await host.refusal(registry, TOOLS, at());
      expect({ code, ...evidence }).toMatchObject({ code: 'root_steps', limit: FEW });
      expect(await host.store.recall()).toBeUndefined();
    }
    expect(registry.requests).not.toContain(`/trust/${FEW + 3}.root.json`);
  });

  it('may be as many as that on first use', async () => {
    const host = await newHost();
    await host.install(await rootsOn(FEW + 1), TOOLS, at());
    expect((await host.store.recall())?.root.version).toBe(FEW + 1);
  });

  it('may be more for a host that began with a pinned one', async () => {
    const pinnedRoot = Buffer.from(envelopeText(await signedRoot(rootOf(), 'root-a', 'root-b')));
    const host = await newHost();
    await host.install(await rootsOn(FEW + 2), TOOLS, { ...at(), pinnedRoot });
    expect((await host.store.recall())?.root.version).toBe(FEW + 2);
  });
});
