// A policy at the registry of this project: dates and advisories that its log stands behind, and what a hidden one comes to.
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  memoryTrustStore,
  openRegistry,
  type Policy,
  type Transport,
  TransportError,
  type Verified,
  verifyVersion,
  withPolicies,
} from '../../src/client/index.ts';
import { transportOf } from '../../src/client/open-registry.ts';
import { chooseVersion } from '../../src/client/policy/choose.ts';
import { parseRequest } from '../../src/client/request.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { policyWith } from './policy-world.ts';

const NAME = 'vendor.acme.leaky';
const ADVISED = { advisories: { refuse: 'critical', required: true } };

let registry: TestRegistry;
const acme = createPublisher();

beforeAll(async () => {
  registry = await startRegistry();
  await delegate(registry.call, acme, ['vendor.acme.*']);
  for (const version of ['1.0.0', '1.1.0']) {
    const body = await acme.pack({ name: NAME, version });
    expect((await registry.call('PUT', addressOf(NAME, version), { body })).status).toBe(201);
  }
  const affected = [{ packName: NAME, versions: '1.1.0' }];
  const body = { severity: 'high', summary: 'Leaks its token', affected };
  expect((await registry.call('POST', '/security/advisories', { body })).status).toBe(201);
});
afterAll(() => registry.stop());

const open = (transport?: Transport) =>
  openRegistry({ url: registry.url, store: memoryTrustStore(), transport });

const verify = async (version: string, policy: Policy, transport?: Transport): Promise<Verified> =>
  verifyVersion({ registry: await open(transport), policy: withPolicies([policy], {}) })(NAME, version);

it('an advisory that is logged is warned of, or refused, and nothing more is said of it', async () => {
  const { warnings } = await verify('1.1.0', policyWith(ADVISED));
  const said = warnings.filter((each) => each.includes('/advisories'));
  expect(said).toEqual([
    expect.stringMatching(/advisory OPENWOP-\d{4}-\d{4} \(high\).*#\/advisories\/refuse\)$/),
  ]);
  const strict = policyWith({ advisories: { refuse: 'high' } });
  await expect(verify('1.1.0', strict)).rejects.toMatchObject({
    evidence: { rule: 'attestry.policy.json#/advisories/refuse' },
  });
});

it('a version that no advisory names is taken without a word', async () => {
  const { warnings, questions } = await verify('1.0.0', policyWith(ADVISED));
  expect(warnings.filter((each) => each.includes('attestry.policy.json'))).toEqual([]);
  expect(questions).toContainEqual({ question: 'policy', answer: 'yes' });
});

/** A mirror that serves everything but the feed, or an empty one. */
const hiding = (feed: Uint8Array | undefined): Transport => {
  const honest = transportOf({ url: registry.url });
  return {
    ...honest,
    get: async (url, rules) => {
      if (!url.endsWith('/security/advisories.json')) return honest.get(url, rules);
      if (feed === undefined) throw new TransportError('unreachable', { url });
      return { status: 200, url, body: feed };
    },
  };
};

it('a mirror that hides the feed is refused where it is required', async () => {
  await expect(verify('1.0.0', policyWith(ADVISED), hiding(undefined))).rejects.toMatchObject({
    evidence: { rule: 'attestry.policy.json#/advisories/required' },
  });
});

it('a mirror that empties the feed cannot make the version one that was never withdrawn', async () => {
  const empty = hiding(Buffer.from('{"advisories":[]}'));
  const { warnings } = await verify('1.1.0', policyWith(ADVISED), empty);
  expect(warnings.join()).toContain('whether one is held back cannot be told');
  await expect(verify('1.1.0', policyWith({ yanks: 'refuse' }), empty)).rejects.toMatchObject({
    evidence: { rule: 'attestry.policy.json#/yanks' },
  });
});

it('a version that was published just now is too young by the log', async () => {
  const policy = withPolicies([policyWith({ minimumAge: { age: '1h' } })], {});
  const choosing = chooseVersion(await open(), parseRequest(`${NAME}@^1`), policy);
  await expect(choosing).rejects.toMatchObject({
    evidence: { rule: 'attestry.policy.json#/minimumAge', passedOver: [{ version: '1.0.0' }] },
  });
});
