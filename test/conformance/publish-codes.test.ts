// Every code of a publish with a real upload, and which of two broken rules gives it, on the real catalogue and on the
// test catalogue, in both majors (node-packs.md; pack-registry-publish.test.ts (RFC 0025); spec/v2 core/packs.md).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWith, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { type Attempt, bodyOf, RULES, type Rule, soundAttempt, TAKEN } from './attempt.ts';
import { BASES, MAJORS, type Major } from './majors.ts';

let registry: TestRegistry;
let reader: string;
const acme = createPublisher();

const SURFACES = MAJORS.flatMap((major) => [
  { surface: `/${major}/packs`, major },
  { surface: BASES[major], major },
]);

const nameOn = (surface: string): string => `vendor.acme.${surface.replaceAll(/[^a-z0-9]+/g, '-').slice(1)}`;

const put = (attempt: Attempt, surface: string, major: Major) => {
  const { as, contentType, expectedDigest } = attempt;
  return registry.call('PUT', `${surface}/${attempt.name}/-/${attempt.version}.tgz`, {
    body: bodyOf(attempt, major, nameOn(surface), acme),
    ...(as === 'publisher' ? {} : { token: as === 'reader' ? reader : null }),
    headers: {
      'Content-Type': contentType,
      ...(expectedDigest === undefined ? {} : { 'X-Pack-Sha256': expectedDigest }),
    },
  });
};

beforeAll(async () => {
  registry = await startRegistry({ testNamespace: true });
  await delegate(registry.call, acme, ['vendor.acme.*']);
  reader = await accountWith(registry.call, 'reader', ['packs:read']);
  for (const { surface, major } of SURFACES) {
    const taken = {
      ...soundAttempt(nameOn(surface), TAKEN),
      entries: [{ name: 'README.md', bytes: 'first' }],
    };
    expect((await put(taken, surface, major)).status, surface).toBe(201);
  }
});
afterAll(() => registry.stop());

const rulesOf = (major: Major): readonly Rule[] =>
  RULES.filter(({ majors }) => majors === undefined || majors.includes(major));

/** Those of a list of broken uploads that did not get the code of the rule that comes first in them. */
const misjudged = async (
  surface: string,
  major: Major,
  broken: readonly (readonly [Rule, ...Rule[]])[],
): Promise<readonly string[]> => {
  const wrong: string[] = [];
  for (const rules of broken) {
    const attempt = rules.reduceRight(
      (each, rule) => rule.breakIt(each, major),
      soundAttempt(nameOn(surface)),
    );
    const { status, json } = await put(attempt, surface, major);
    const [code, error] = rules[0][major];
    if (status !== code || json.error !== error)
      wrong.push(`${rules.map(({ id }) => id).join(' + ')}: ${status} ${json.error}`);
  }
  return wrong;
};

/** Everything that a refusal could leave, in the test catalogue too. */
const allStored = async () => {
  const [row] = await registry.sql<{ count: number }[]>`select count(*) as count from test_versions`;
  return { ...(await registry.stored()), tests: row?.count };
};

describe.each(SURFACES)('a publish to $surface', ({ surface, major }) => {
  it.each(rulesOf(major))('with $id', async (rule) => {
    const before = await allStored();
    const { status, json } = await put(rule.breakIt(soundAttempt(nameOn(surface)), major), surface, major);
    expect([status, json.error]).toEqual(rule[major]);
    expect(json.message.length).toBeGreaterThan(0);
    if (major === 'v2' && json.error === 'pack_validation_failed')
      expect(json.details.reason, 'the finer cause').toBe(rule.v1[1]);
    expect(await allStored(), 'a refusal stores nothing').toEqual(before);
  });

  it('that breaks a rule and all those after it gets the code of that rule', async () => {
    const before = await allStored();
    const rules = rulesOf(major).filter(({ alone }) => !alone);
    const broken = rules.map((rule, at) => [rule, ...rules.slice(at + 1)] as const);
    expect(await misjudged(surface, major, broken)).toEqual([]);
    expect(await allStored(), 'refusals store nothing').toEqual(before);
  });

  it('that breaks none is taken, once and again', async () => {
    const sound = soundAttempt(nameOn(surface));
    expect((await put(sound, surface, major)).status).toBe(201);
    expect((await put(sound, surface, major)).status).toBe(200);
  });
});

describe('a publish that breaks two rules', () => {
  it('gets the code of the earlier one, whichever two they are', async () => {
    const rules = rulesOf('v1').filter(({ heavy, alone }) => !heavy && !alone);
    const broken = rules.flatMap((rule, at) => rules.slice(at + 1).map((later) => [rule, later] as const));
    expect(await misjudged('/v1/packs', 'v1', broken)).toEqual([]);
  });
});
