// A domain stands for a vendor: it shows a text that only this account was told; the domains of the world are simulated.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProverError } from '../../src/access/namespaces/prover.ts';
import { accountWith, addressOf, createPublisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
let registry: TestRegistry;
let clock = 0;
const world = new Map<string, readonly string[] | ProverError>();
const asked: string[] = [];
let meanwhile = async (): Promise<unknown> => undefined;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  const prover = {
    texts: async (domain: string, method: string) => {
      asked.push(`${method} ${domain}`);
      await meanwhile();
      const found = world.get(`${method} ${domain}`);
      if (found instanceof ProverError) throw found;
      return found ?? [];
    },
  };
  const settings = { vendorDomainProof: 'required' } as const;
  registry = await startRegistry(settings, { prover, now: () => new Date(Date.now() + clock) });
  const scopes = ['namespaces:claim', 'packs:publish', 'keys:manage'];
  for (const name of ['alice', 'bob']) tokens[name] = await accountWith(registry.call, name, scopes);
});
afterAll(() => registry.stop());

const ask = (who: string, method: string, path: string, body: object = {}) =>
  registry.call(method, `/access/namespaces${path}`, {
    body,
    ...(tokens[who] ? { token: tokens[who] } : {}),
  });
const claim = (who: string, namespace: string, more: object = {}) =>
  ask(who, 'POST', '', { namespace, ...more });
const challenge = (namespace: string, domain: string, method = 'dns', who = 'alice') =>
  ask(who, 'POST', `/${namespace}/proof`, { domain, method });
const check = (namespace: string, who = 'alice') => ask(who, 'POST', `/${namespace}/proof/check`);
const listed = async (namespace: string) =>
  (await registry.call('GET', '/access/namespaces', { token: null })).json.namespaces.find(
    (row: { namespace: string }) => row.namespace === namespace,
  );
const assignment = async (namespace: string) =>
  (
    await registry.call('GET', '/.well-known/openwop-registry', { token: null })
  ).json.namespaceAssignments.find((row: { namespace: string }) => row.namespace === `${namespace}.*`);

describe('which domain stands for vendor.acme-labs', () => {
  beforeAll(() => claim('alice', 'vendor.acme-labs'));

  it.each(['acme-labs.com', 'acmelabs.io', 'ACME-LABS.com.', 'acme-labs.co.uk', 'acme-labs.com.au'])(
    '%s does',
    async (domain) => expect((await challenge('vendor.acme-labs', domain)).status).toBe(200),
  );

  it.each([
    ['another', 'acme.com'],
    ['one below a registered one', 'www.acme-labs.com'],
    ['one of somebody’s customers', 'acme-labs.github.io'],
    ['a public suffix', 'co.uk'],
    ['one below a domain that only looks like a public suffix', 'acme-labs.co.de'],
    ['one below a domain of two letters', 'acme-labs.go.io'],
    ['a single label', 'acme-labs'],
    ['an address', '127.0.0.1'],
    ['one with a port', 'acme-labs.com:8080'],
    ['one with a path', 'acme-labs.com/x'],
    ['one with somebody before it', 'acme-labs.com@evil.example'],
    ['one in another script', 'xn--acmelabs.com'],
    ['one that is far too long', `acme-labs.${'a'.repeat(63)}.${'b'.repeat(300)}`],
  ])('%s does not: %s', async (_what, domain) => {
    const answer = await challenge('vendor.acme-labs', domain);
    expect([answer.status, answer.json.error]).toEqual([400, 'validation_error']);
  });

  it('and a community has none', async () => {
    await claim('alice', 'community.alice');
    expect((await challenge('community.alice', 'alice.com')).status).toBe(400);
    expect((await challenge('vendor.acme-labs', 'acme-labs.com', 'http')).status).toBe(400);
  });
});

describe('the text to show', () => {
  beforeAll(() => claim('alice', 'vendor.hooli'));

  it('stays the same, and is another for each domain, namespace and account', async () => {
    const text = async (namespace: string, domain: string, who = 'alice') =>
      (await challenge(namespace, domain, 'dns', who)).json.text;
    const first = await text('vendor.hooli', 'hooli.com');
    expect(first).toMatch(/^attestry-namespace=[\w-]{43}$/);
    expect(await text('vendor.hooli', 'hooli.com')).toBe(first);
    expect(await text('vendor.hooli', 'hooli.org')).not.toBe(first);
    await claim('bob', 'vendor.umbra');
    expect(await text('vendor.umbra', 'umbra.com', 'bob')).not.toBe(first);
  });

  it('is told to the holder and the operator only', async () => {
    expect((await challenge('vendor.hooli', 'hooli.com', 'dns', 'bob')).status).toBe(403);
    expect((await check('vendor.hooli', 'bob')).status).toBe(403);
    expect((await challenge('vendor.hooli', 'hooli.com', 'dns', 'operator')).status).toBe(200);
    expect(
      (await registry.call('POST', '/access/namespaces/vendor.hooli/proof/check', { token: null })).status,
    ).toBe(401);
  });
});

describe('a vendor that has to prove itself', () => {
  const name = 'vendor.initech';
  const key = createPublisher('initech-1');
  const publish = async (version: string) => {
    const body = await key.pack({ name: `${name}.tools`, version });
    return registry.call('PUT', addressOf(`${name}.tools`, version), { token: tokens['alice'] ?? '', body });
  };

  it('holds its name, and publishes nothing yet', async () => {
    expect((await claim('alice', name)).json).toMatchObject({ status: 'pending' });
    expect((await claim('bob', name)).status).toBe(409);
    const listing = { token: tokens['alice'] ?? '', body: key.listing('alice', [`${name}.*`]) };
    expect((await registry.call('POST', '/access/keys', listing)).status).toBe(201);
    const before = await registry.stored();
    const refused = await publish('1.0.0');
    expect([refused.status, refused.json.error]).toEqual([403, 'domain_unproven']);
    expect(refused.json.message).toContain(`attestry namespace prove ${name}`);
    expect(await registry.stored()).toEqual(before);
  });

  it.each([
    ['nothing is there', [], 'mismatch'],
    ['another text is there', ['attestry-namespace=guessed', 'v=spf1'], 'mismatch'],
    ['it cannot be reached', new ProverError('unreachable'), 'unreachable'],
    ['it leads into our network', new ProverError('address_refused'), 'address_refused'],
    ['it redirects', new ProverError('redirected'), 'redirected'],
  ])('is not believed where %s, and nothing is stored', async (_name, shown, problem) => {
    await challenge(name, 'initech.com');
    world.set('dns initech.com', shown);
    const before = await registry.stored();
    const answer = await check(name);
    expect([answer.status, answer.json.error, answer.json.details.problem]).toEqual([
      403,
      'domain_unproven',
      problem,
    ]);
    expect(answer.json.message).toContain('_attestry.initech.com');
    expect(await registry.stored()).toEqual(before);
  });

  it('is not believed for the text of somebody else', async () => {
    await claim('bob', 'vendor.initech-b');
    const other = (await challenge('vendor.acme-labs', 'acme-labs.com')).json.text;
    world.set('dns initech.com', [other]);
    await challenge(name, 'initech.com');
    expect((await check(name)).json.error).toBe('domain_unproven');
  });

  it('is believed for a year once its domain shows the text, among others', async () => {
    const { text } = (await challenge(name, 'initech.com')).json;
    world.set('dns initech.com', ['v=spf1 -all', ` ${text} `, 'attestry-namespace=of-another-registry']);
    const proved = await check(name);
    expect(proved.json).toMatchObject({
      status: 'active',
      proof: { domain: 'initech.com', method: 'dns', status: 'proved' },
    });
    const { provedAt, expiresAt } = proved.json.proof;
    expect(Date.parse(expiresAt) - Date.parse(provedAt)).toBe(365 * DAY_MS);
    expect(await assignment(name)).toMatchObject({ owner: 'alice', domain: 'initech.com', provedAt });
    expect((await publish('1.0.0')).status).toBe(201);
    const [event] = await registry.sql<{ leaf: Buffer }[]>`
      select leaf from events where kind = 'namespace.proved'`;
    expect(JSON.parse(String(event?.leaf)).data).toMatchObject({ namespace: name, domain: 'initech.com' });
    expect(String(event?.leaf)).not.toContain(text);
  });

  it('whose year is over is listed as expired, and publishes nothing until it is proved again', async () => {
    clock = 366 * DAY_MS;
    expect(await listed(name)).toMatchObject({ status: 'pending', proof: { status: 'expired' } });
    expect((await publish('1.1.0')).json).toMatchObject({
      error: 'domain_unproven',
      details: { expired: true },
    });
    expect((await check(name)).json.proof.status).toBe('proved');
    clock = 0;
    expect((await publish('1.1.0')).status).toBe(201);
  });

  it('that changes hands while its domain is asked is not proved; and what was proved is not handed over', async () => {
    await ask('alice', 'POST', `/${name}/offer`, { account: 'bob' });
    meanwhile = () => ask('bob', 'POST', `/${name}/accept`);
    expect((await check(name)).status).toBe(404);
    meanwhile = async () => undefined;
    expect(await listed(name)).toMatchObject({ account: 'bob', status: 'pending' });
    expect((await listed(name)).proof).toBeUndefined();
    expect(await assignment(name)).not.toHaveProperty('domain');
    expect((await check(name, 'bob')).status).toBe(404);
  });

  it('need not where the operator gives the name out, and answers for it', async () => {
    await claim('alice', 'vendor.given');
    expect(await listed('vendor.given')).toMatchObject({ status: 'pending' });
    const again = await claim('operator', 'vendor.given', { account: 'alice' });
    expect([again.status, again.json.status]).toEqual([201, 'active']);
    expect((await claim('operator', 'vendor.gift', { account: 'bob' })).json.status).toBe('active');
  });

  it('asks one domain at a time', async () => {
    await challenge('vendor.hooli', 'hooli.com', 'well-known');
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    meanwhile = () => wait;
    const first = check('vendor.hooli');
    while (asked.at(-1) !== 'well-known hooli.com') await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await check('vendor.hooli')).json.error).toBe('busy');
    go();
    expect((await first).json.error).toBe('domain_unproven');
  });
});
