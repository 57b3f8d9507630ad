// Attacks on where belief begins: roots, keyrings, and what a client remembers of them.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { fileTrustStore, memoryTrustStore } from '../../src/client/index.ts';
import { LATER, NOW, role, rootOf, signedRoot } from '../keys/trust-world.ts';
import { makePack } from '../world/packs.ts';
import { DISCOVERY } from '../world/static-registry.ts';
import { newHost, TOOLS, tempFolder } from './host.ts';
import { at, publisher, trustedRegistry } from './trusted.ts';

const registryWithTools = async () => trustedRegistry(await makePack(publisher));
const pinned = async (change = {}, ...signers: string[]): Promise<Uint8Array> => {
  const names = signers.length === 0 ? ['root-a', 'root-b'] : signers;
  return Buffer.from(envelopeText(await signedRoot(rootOf(change), ...names)));
};

describe('a host that sees a registry for the first time', () => {
  it('trusts its root on first use, and says so', async () => {
    const [pack] = await (await newHost()).install(await registryWithTools(), TOOLS, at());
    expect(pack?.verified?.warnings.join()).toContain('trusted on first use');
    const answers = pack?.verified?.questions
      .filter(({ answer }) => answer === 'yes')
      .map(({ question }) => question);
    expect(answers).toEqual(expect.arrayContaining(['root', 'keyring', 'signature', 'delegation']));
  });

  it('says nothing of the kind when the root was pinned', async () => {
    const changes = { ...at(), pinnedRoot: await pinned() };
    const [pack] = await (await newHost()).install(await registryWithTools(), TOOLS, changes);
    expect(pack?.verified?.warnings.join()).not.toContain('trusted on first use');
  });

  it('refuses a registry whose root is not the pinned one (root swapped)', async () => {
    const registry = await registryWithTools();
    await registry.serveRoot({ registrar: role(1, 'evil'), ...role(1, 'evil') }, 'evil');
    await registry.serveKeyring({}, 'evil');
    const changes = { ...at(), pinnedRoot: await pinned() };
    const { code, question } = await (await newHost()).refusal(registry, TOOLS, changes);
    expect({ code, question }).toEqual({ code: 'keyring_signature', question: 'keyring' });
  });

  it('refuses a pinned root that its own keys did not sign', async () => {
    const changes = { ...at(), pinnedRoot: await pinned({}, 'root-a') };
    const { code } = await (await newHost()).refusal(await registryWithTools(), TOOLS, changes);
    expect(code).toBe('root_anchor_invalid');
  });

  it('refuses a registry without trust documents when a root was pinned', async () => {
    const registry = await registryWithTools();
    registry.hideTrust();
    const changes = { ...at(), pinnedRoot: await pinned() };
    expect((await (await newHost()).refusal(registry, TOOLS, changes)).code).toBe('trust_documents_missing');
  });
});

describe('roots', () => {
  it('are walked one by one to the newest, and its registrar is the one believed', async () => {
    const registry = await registryWithTools();
    await registry.serveRoot({ version: 2 });
    await registry.serveRoot({ version: 3, registrar: role(1, 'registrar-2') });
    await registry.serveKeyring({}, 'registrar-2');
    const host = await newHost();
    await host.install(registry, TOOLS, { ...at(), pinnedRoot: await pinned() });
    expect((await host.store.recall())?.root.version).toBe(3);
  });

  it('may have expired on the way, as long as the newest has not', async () => {
    const registry = await registryWithTools();
    await registry.serveRoot({
      version: 2,
      issuedAt: '2026-01-01T00:00:00Z',
      expires: '2026-01-02T00:00:00Z',
    });
    await registry.serveRoot({ version: 3 });
    const changes = { ...at(), pinnedRoot: await pinned({ expires: '2026-01-03T00:00:00Z' }) };
    expect(await (await newHost()).install(registry, TOOLS, changes)).toMatchObject([{ installed: true }]);
  });

  it('that the old keys did not sign are refused, and the old one stays remembered', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    await registry.serveRoot({ version: 2, ...role(1, 'evil'), registrar: role(1, 'evil') }, 'evil');
    const { code, question, evidence } = await host.refusal(registry, 'vendor.acme.tools@1', at());
    expect({ code, question }).toEqual({ code: 'root_update_invalid', question: 'root' });
    expect(evidence['remembered']).toBe(host.store.place);
    expect((await host.store.recall())?.root.version).toBe(1);
  });

  it('that were swapped after the first use are not even looked at: the remembered one counts', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    await registry.serveRoot({ ...role(1, 'evil'), registrar: role(1, 'evil') }, 'evil');
    await registry.serveKeyring({}, 'evil');
    const { code, evidence } = await host.refusal(registry, 'vendor.acme.tools@1', at());
    expect(code).toBe('keyring_signature');
    // Nobody is told to forget what was believed because of a document that somebody may have slipped in.
    expect(evidence).not.toHaveProperty('remembered');
    expect(evidence['state']).toBe(host.store.place);
  });

  it('leave the evidence beside what is remembered, the same only once', async () => {
    const registry = await registryWithTools();
    const path = join(await tempFolder(), 'state.json');
    const store = fileTrustStore(path, registry.url);
    const host = await newHost();
    await host.install(registry, TOOLS, { ...at(), store });
    await registry.serveRoot({ ...role(1, 'evil'), registrar: role(1, 'evil') }, 'evil');
    await registry.serveKeyring({}, 'evil');
    for (const _time of ['first', 'second']) {
      const { evidence } = await host.refusal(registry, 'vendor.acme.tools@1', { ...at(), store });
      expect(evidence).toMatchObject({ saved: `${path}.refused.json`, state: path });
    }
    const [root, keyring] = ['/trust/root.json', '/trust/keyring.json'].map((each) =>
      Buffer.from(registry.files.get(each) ?? '').toString(),
    );
    const kept = JSON.parse(await readFile(`${path}.refused.json`, 'utf8'));
    expect(kept).toMatchObject({ refused: 'keyring_signature', remembered: { version: 1 }, root, keyring });
    expect((await readdir(dirname(path))).sort()).toEqual(['state.json', 'state.json.refused.json']);
  });

  it.each([
    ['/trust/keyring.json', 'keyring'],
    ['/trust/2.root.json', 'root'],
  ])('and keyrings that cannot be read are called that, not badly signed: %s', async (path, question) => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.files.set(path, Buffer.from('<html>'));
    const refused = await host.refusal(registry, 'vendor.acme.tools@1', at());
    expect(refused).toMatchObject({ code: 'reply_malformed', question });
    expect(refused.evidence).not.toHaveProperty('remembered');
  });

  it('older than the one seen are refused, also when the older one is pinned (rollback)', async () => {
    const registry = await registryWithTools();
    await registry.serveRoot({ version: 2 });
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.files.delete('/trust/2.root.json');
    const changes = { ...at(), pinnedRoot: await pinned() };
    expect((await host.refusal(registry, 'vendor.acme.tools@1', changes)).code).toBe('root_rollback');
  });

  it('that differ from the one of that version seen before are refused (fork)', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    const changes = { ...at(), pinnedRoot: await pinned({ issuedAt: '2026-01-01T00:00:01Z' }) };
    expect((await host.refusal(registry, 'vendor.acme.tools@1', changes)).code).toBe('root_fork');
  });

  it('that have expired are refused', async () => {
    const { code } = await (await newHost()).refusal(await registryWithTools(), TOOLS, at(LATER));
    expect(code).toBe('root_expired');
  });
});

describe('keyrings', () => {
  it('that have expired are refused (indefinite freeze)', async () => {
    const later = new Date('2026-06-08T00:00:00Z');
    const { code, question } = await (await newHost()).refusal(await registryWithTools(), TOOLS, at(later));
    expect({ code, question }).toEqual({ code: 'keyring_expired', question: 'keyring' });
  });

  it('older than the one seen are refused (rollback)', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await registry.serveKeyring({ version: 8 });
    await host.install(registry, TOOLS, at());
    await registry.serveKeyring({ version: 7 });
    const { code, evidence } = await host.refusal(registry, 'vendor.acme.tools@1', at());
    expect(code).toBe('keyring_rollback');
    expect(evidence).toMatchObject({ seen: { version: 8 }, found: { version: 7 } });
  });

  it('that differ under the same version are refused (fork)', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    await registry.serveKeyring({ treeSize: 501 });
    expect((await host.refusal(registry, 'vendor.acme.tools@1', at())).code).toBe('keyring_rollback');
  });

  it('that nobody serves are a refusal, not a reason to do without', async () => {
    const registry = await registryWithTools();
    registry.files.delete('/trust/keyring.json');
    expect((await (await newHost()).refusal(registry, TOOLS, at())).code).toBe('keyring_missing');
  });
});

describe('keys under a keyring', () => {
  it.each([
    ['outside their namespace', { namespaces: ['vendor.other.*'] }, 'key_not_permitted'],
    ['before their time', { notBefore: '2026-06-02T00:00:00Z' }, 'key_inactive'],
    ['after their time', { notAfter: '2026-05-01T00:00:00Z' }, 'key_inactive'],
  ])('are refused %s, whatever the discovery document lists', async (_name, change, expected) => {
    const registry = await registryWithTools();
    await registry.delegate(change);
    const { code, question } = await (await newHost()).refusal(registry, TOOLS, at());
    expect({ code, question }).toEqual({ code: expected, question: 'delegation' });
  });

  it('whose time is over are taken where the host says so', async () => {
    const registry = await registryWithTools();
    await registry.delegate({ notAfter: '2026-05-01T00:00:00Z' });
    const changes = { ...at(), policy: { allowRotatedKeys: true } };
    expect(await (await newHost()).install(registry, TOOLS, changes)).toMatchObject([{ installed: true }]);
  });

  it('that were revoked are refused, also where rotated ones are taken', async () => {
    const registry = await registryWithTools();
    const keyId = parseKeyId('publisher');
    const revocation = { keyId, reason: 'stolen', fromPosition: null, issuedAt: '2026-05-31T00:00:00Z' };
    await registry.serveKeyring({ revocations: [revocation] });
    const changes = { ...at(), policy: { allowRotatedKeys: true } };
    expect((await (await newHost()).refusal(registry, TOOLS, changes)).code).toBe('key_revoked');
  });

  it('that only the discovery document lists are unknown', async () => {
    const registry = await registryWithTools();
    await registry.serveKeyring({ delegations: [] });
    expect((await (await newHost()).refusal(registry, TOOLS, at())).code).toBe('key_unknown');
  });
});

describe('trust documents that vanish (downgrade)', () => {
  it('are a refusal: the registry had them before', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.hideTrust();
    const { code, question } = await host.refusal(registry, 'vendor.acme.tools@1', at());
    expect({ code, question }).toEqual({ code: 'trust_documents_missing', question: 'root' });
  });

  it('are a refusal also when the whole discovery document is gone', async () => {
    const registry = await registryWithTools();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.files.delete(DISCOVERY);
    expect((await host.refusal(registry, 'vendor.acme.tools@1', at())).code).toBe('trust_documents_missing');
  });

  it('are no news at a registry that never had any', async () => {
    const registry = await registryWithTools();
    registry.hideTrust();
    registry.files.set('/keys/publisher.pub', Buffer.from(publisher.publicKeyPem));
    const store = memoryTrustStore();
    const [pack] = await (await newHost()).install(registry, TOOLS, { ...at(NOW), store });
    expect(pack?.verified?.questions[1]).toMatchObject({ question: 'root', answer: 'not_checked' });
  });
});
