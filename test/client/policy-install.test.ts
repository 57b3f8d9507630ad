// What a policy does to installs and verifications: which version is chosen, what is refused, and that nothing stays of it.
import { describe, expect, it } from 'vitest';
import { keyFingerprint, parsePublicKey } from '../../keys/key.ts';
import {
  memoryTrustStore,
  openRegistry,
  type Policy,
  parseRequest,
  type SourcesOf,
  sourcesFor,
  verifyBundle,
  verifyVersion,
  withPolicies,
} from '../../src/client/index.ts';
import { makeBundle } from '../../src/client/make-bundle.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { createPublisher, type PackOptions } from '../world/publisher.ts';
import { partOf, type StaticRegistry, yank } from '../world/static-registry.ts';
import { acme, type Host, newHost, registryWith, TOOLS } from './host.ts';
import { type LoggedRegistry, loggedRegistry } from './logged.ts';
import { policyWith } from './policy-world.ts';
import { at, publisher } from './trusted.ts';

const NAME = 'vendor.acme.tools';

const under = (...policies: readonly Policy[]) => ({ ...at(), policy: withPolicies(policies, {}) });

const serve = async (registry: LoggedRegistry): Promise<void> => {
  await registry.serveKeyring({});
  await registry.serveLog();
};

/** 1.0.0 a month ago, 1.1.0 two days ago, by the log. */
const loggedWorld = async (): Promise<LoggedRegistry> => {
  const registry = await loggedRegistry(await makePack(publisher));
  const young = await makePack(publisher, { version: '1.1.0' });
  registry.add(young);
  registry.record(young, { at: '2026-05-30T00:00:00Z' });
  await serve(registry);
  return registry;
};

const edit = (registry: StaticRegistry, pack: MadePack, members: object): void =>
  registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), ...members });

const made = (options: PackOptions = {}) => makePack(acme, options);

const ruleOf = async (
  host: Host,
  registry: StaticRegistry,
  request: string,
  ...policies: readonly Policy[]
) => {
  const refused = await host.refusal(registry, request, under(...policies));
  expect(refused.code).toBe('policy_refused');
  return refused.evidence['rule'];
};

describe('a range under a minimum age', () => {
  const policy = policyWith({ minimumAge: { age: '7d' } });

  it('stands for the highest version that is old enough by the log, and says what was passed over', async () => {
    const [installed] = await (await newHost()).install(await loggedWorld(), `${NAME}@^1`, under(policy));
    expect(installed).toMatchObject({ version: '1.0.0', installed: true });
    expect(installed?.passed).toMatchObject([
      {
        version: '1.1.0',
        rule: 'attestry.policy.json#/minimumAge',
        message: expect.stringContaining('2 days'),
      },
    ]);
    expect(installed?.verified?.questions).toContainEqual({ question: 'policy', answer: 'yes' });
  });

  it('takes the young one without the policy, and says nothing of one', async () => {
    const [installed] = await (await newHost()).install(await loggedWorld(), `${NAME}@^1`, at());
    expect(installed).toMatchObject({ version: '1.1.0' });
    expect(installed?.passed).toBeUndefined();
    expect(installed?.verified?.questions.map(({ question }) => question)).not.toContain('policy');
  });

  it('is not fooled by a registry that dates its versions back', async () => {
    const registry = await loggedWorld();
    const young = await makePack(publisher, { version: '1.1.0' });
    edit(registry, young, { publishedAt: '2020-01-01T00:00:00Z' });
    const host = await newHost();
    expect(await host.install(registry, `${NAME}@^1`, under(policy))).toMatchObject([{ version: '1.0.0' }]);
    expect(await ruleOf(host, registry, `${NAME}@1.1.0`, policy)).toBe('attestry.policy.json#/minimumAge');
  });

  it('that admits young versions only is refused with all that was passed over', async () => {
    const host = await newHost();
    const refused = await host.refusal(await loggedWorld(), `${NAME}@^1.1`, under(policy));
    expect(refused.message).toContain('attestry.policy.json#/minimumAge');
    expect(refused.evidence['passedOver']).toMatchObject([{ version: '1.1.0' }]);
  });
});

describe('an install under a policy', () => {
  it('looks again at what stands there already, and leaves it as it is', async () => {
    const host = await newHost();
    const registry = await loggedWorld();
    await host.install(registry, TOOLS, at());
    const policy = policyWith({ allow: { keys: ['somebody-else'] } });
    expect(await ruleOf(host, registry, TOOLS, policy)).toBe('attestry.policy.json#/allow/keys');
    expect(await host.install(registry, TOOLS, under(policyWith({})))).toMatchObject([{ installed: false }]);
  });

  it('looks at what stands there already also where no registry is asked', async () => {
    const host = await newHost();
    const registry = await loggedWorld();
    await host.install(registry, TOOLS, at());
    const old = policyWith({ minimumAge: { age: '7d' } });
    const strict = policyWith({ licenses: { allow: ['LicenseRef-None'] } });
    await registry.close();
    const offline = (policy: Policy) => ({ ...under(policy), offline: true });
    expect(await host.install(registry, TOOLS, offline(old))).toMatchObject([{ installed: false }]);
    const refused = await host.refusal(registry, TOOLS, offline(strict));
    expect(String(refused.evidence['rule'])).toMatch(/^attestry\.policy\.json#\/licenses\//);
  });

  it('asks no registry for a name that is not listed', async () => {
    const host = await newHost();
    const registry = await registryWith([await made()]);
    const policy = policyWith({ mode: 'allowlist', allow: { namespaces: ['vendor.other.*'] } });
    expect(await ruleOf(host, registry, TOOLS, policy)).toBe('attestry.policy.json#/allow/namespaces');
    expect(registry.requests).toEqual([]);
  });

  it('names the rule by which an unsigned pack is refused, and takes it where its very bytes are pinned', async () => {
    const host = await newHost();
    const pack = await made({ seed: null });
    const registry = await registryWith([pack]);
    expect(await ruleOf(host, registry, TOOLS, policyWith({}))).toBe('attestry.policy.json#/mode');
    const pin = { name: NAME, version: '1.0.0', integrity: integrityOf(digestOf(pack.tarball)) };
    const pinned = policyWith({ mode: 'pinned', pins: [pin] });
    expect(await host.install(registry, TOOLS, under(pinned))).toMatchObject([{ installed: true }]);
  });

  it('takes whatever is there in open mode, with a warning that cannot be missed', async () => {
    const registry = await registryWith([await made({ seed: null })]);
    const [pack] = await (await newHost()).install(registry, TOOLS, under(policyWith({ mode: 'open' })));
    expect(pack?.verified?.warnings.join()).toContain('OPEN MODE');
  });

  it('does not take a bad signature even in open mode', async () => {
    const pack = await made();
    const registry = await registryWith([pack]);
    registry.files.set(partOf(pack, 'sig'), new Uint8Array(64));
    const refused = await (await newHost()).refusal(registry, TOOLS, under(policyWith({ mode: 'open' })));
    expect(refused.code).toBe('pack_signature_invalid');
  });

  it('tells a key from another one of the same id by its fingerprint', async () => {
    const fingerprint = keyFingerprint(parsePublicKey(acme.publicKeyPem));
    const policy = policyWith({ allow: { keys: [fingerprint] } });
    const host = await newHost();
    await host.install(await registryWith([await made()]), TOOLS, under(policy));
    const thief = createPublisher('acme-1');
    const taken = await registryWith([await makePack(thief)], [{ publisher: thief }]);
    const refused = await (await newHost()).refusal(taken, TOOLS, under(policy));
    expect(refused.evidence['rule']).toBe('attestry.policy.json#/allow/keys');
  });

  it('of a range passes over what has no licence that is allowed', async () => {
    const packs = [await made({ edits: { '/license': 'MIT' } })];
    packs.push(await made({ version: '1.1.0', edits: { '/license': 'GPL-3.0-only' } }));
    const policy = policyWith({ licenses: { allow: ['MIT'] } });
    const [installed] = await (await newHost()).install(
      await registryWith(packs),
      `${NAME}@^1`,
      under(policy),
    );
    expect(installed).toMatchObject({
      version: '1.0.0',
      passed: [{ rule: 'attestry.policy.json#/licenses/allow' }],
    });
  });

  it('of a range passes over what a key signed that is not allowed', async () => {
    const other = createPublisher('other-1');
    const packs = [await made(), await makePack(other, { version: '1.1.0' })];
    const keys = [acme, other].map((each) => ({ publisher: each }));
    const policy = policyWith({ allow: { keys: ['acme-1'] } });
    const [installed] = await (await newHost()).install(
      await registryWith(packs, keys),
      `${NAME}@^1`,
      under(policy),
    );
    expect(installed).toMatchObject({
      version: '1.0.0',
      passed: [{ rule: 'attestry.policy.json#/allow/keys' }],
    });
  });

  it('refuses a yanked version that is named exactly, where the policy does', async () => {
    const pack = await made();
    const registry = await registryWith([pack]);
    yank(registry, pack, 'it leaks');
    const host = await newHost();
    expect(await ruleOf(host, registry, TOOLS, policyWith({ yanks: 'refuse' }))).toBe(
      'attestry.policy.json#/yanks',
    );
    expect(await host.install(registry, TOOLS, under(policyWith({})))).toMatchObject([{ installed: true }]);
  });
});

describe('advisories', () => {
  const PATH = '/security/advisories.json';
  const feed = {
    advisories: [
      {
        id: 'OPENWOP-2026-0001',
        severity: 'high',
        summary: 'leaks',
        affected: [{ packName: NAME, versions: '>=1.1.0', fixedIn: '1.2.0' }],
      },
    ],
  };
  const policy = policyWith({ advisories: { refuse: 'high' } });
  const required = policyWith({ advisories: { refuse: 'high', required: true } });

  it('make a range stand for an older version, and refuse the exact one', async () => {
    const registry = await loggedWorld();
    registry.setJson(PATH, feed);
    const host = await newHost();
    expect(await host.install(registry, `${NAME}@^1`, under(policy))).toMatchObject([{ version: '1.0.0' }]);
    expect(await ruleOf(host, registry, `${NAME}@1.1.0`, policy)).toBe(
      'attestry.policy.json#/advisories/refuse',
    );
  });

  it('that cannot be had are said, and refuse everything where they are required', async () => {
    const registry = await loggedWorld();
    const host = await newHost();
    const [pack] = await host.install(registry, TOOLS, under(policy));
    expect(pack?.verified?.warnings.join()).toContain('serves no list of them');
    expect(await ruleOf(host, registry, TOOLS, required)).toBe('attestry.policy.json#/advisories/required');
    registry.lieAbout(/advisories/, (response) => response.writeHead(500).end());
    expect(await ruleOf(host, registry, TOOLS, required)).toBe('attestry.policy.json#/advisories/required');
  });

  it('of less weight are said of what stands there already, too', async () => {
    const registry = await loggedWorld();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.setJson(PATH, {
      advisories: [{ ...feed.advisories[0], severity: 'low', affected: [{ packName: NAME, versions: '*' }] }],
    });
    const [again] = await host.install(registry, TOOLS, under(policy));
    expect(again).toMatchObject({ installed: false });
    expect(again?.warnings?.join()).toContain('OPENWOP-2026-0001 (low)');
  });

  it('are fetched once for all packs of an install', async () => {
    const registry = await loggedWorld();
    registry.setJson(PATH, { advisories: [] });
    await (await newHost()).install(registry, `${NAME}@^1`, under(required));
    expect(registry.requests.filter((path) => path === PATH)).toHaveLength(1);
  });

  it('travel in a bundle that was made under the policy, and are missing in one that was not', async () => {
    const registry = await loggedWorld();
    registry.setJson(PATH, { advisories: [] });
    const store = memoryTrustStore();
    const make = (more: object) =>
      makeBundle({ url: registry.url, store, ...at(), ...more }, parseRequest(TOOLS));
    const { bundle } = await make(under(required));
    const bare = (await make({})).bundle;
    const { now, policy: asked } = under(required);
    const options = { at: now(), policy: asked };
    expect((await verifyBundle(bundle, options)).questions).toContainEqual({
      question: 'policy',
      answer: 'yes',
    });
    await expect(verifyBundle(bare, options)).rejects.toMatchObject({ code: 'policy_refused' });
  });
});

describe('dependency confusion', () => {
  const worlds = async () => {
    const secret = 'private.acme.secret';
    const listing = [{ publisher: acme, namespaces: ['private.acme.*', 'vendor.acme.*'] }];
    const inside = await registryWith([await made({ name: secret })], listing);
    const outside = await registryWith(
      [await made({ name: secret, version: '9.9.9' }), await made()],
      listing,
    );
    const policy = policyWith({
      registries: [{ url: inside.url, names: ['private.acme.*'] }, { url: outside.url }],
    });
    const stores = new Map([inside, outside].map(({ url }) => [url, memoryTrustStore()]));
    const sourcesOf: SourcesOf = (name) =>
      (sourcesFor([policy], name) ?? []).map(({ url }) => ({ url, store: stores.get(url) }));
    return { secret, inside, outside, changes: { ...under(policy), sourcesOf } };
  };

  it('finds a private name bound to one source, whatever a public one has, and never asks the public one', async () => {
    const { secret, inside, outside, changes } = await worlds();
    const [installed] = await (await newHost()).install(outside, `${secret}@*`, changes);
    expect(installed).toMatchObject({ version: '1.0.0', verified: { registry: inside.url } });
    expect(outside.requests).toEqual([]);
  });

  it('finds a private name that is bound to no source nowhere', async () => {
    const { inside, outside, changes } = await worlds();
    const refused = await (await newHost()).refusal(outside, 'private.other.secret@*', changes);
    expect(refused.evidence['rule']).toBe('attestry.policy.json#/registries');
    expect([...inside.requests, ...outside.requests]).toEqual([]);
  });

  it('asks the next source only where one has no such pack', async () => {
    const { inside, outside, changes } = await worlds();
    const host = await newHost();
    expect(await host.install(inside, TOOLS, changes)).toMatchObject([
      { verified: { registry: outside.url } },
    ]);
    inside.lieAbout(/vendor\.acme\.tools/, (response) => response.writeHead(500).end());
    const before = outside.requests.length;
    const refused = await (await newHost()).refusal(inside, TOOLS, changes);
    expect(refused.code).toBe('pack_registry_unreachable');
    expect(outside.requests.length).toBe(before);
  });

  it('refuses a pack from a source that the policy does not name, however it was found', async () => {
    const { outside } = await worlds();
    const elsewhere = policyWith({ registries: [{ url: 'https://packs.example' }] });
    const registry = await openRegistry({ url: outside.url, store: memoryTrustStore() });
    const verifying = verifyVersion({ registry, policy: withPolicies([elsewhere], {}) })(NAME, '1.0.0');
    await expect(verifying).rejects.toMatchObject({
      code: 'policy_refused',
      evidence: { rule: 'attestry.policy.json#/registries' },
    });
  });
});
