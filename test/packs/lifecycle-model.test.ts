// Rows of changes by several actors on two processes: after each, all that is served agrees with itself and with a model.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { accountWith, addressOf, createPublisher, type Publisher } from '../world/publisher.ts';
import type { Answer } from '../world/registry.ts';
import {
  advisedIn,
  emptyModel,
  type Model,
  packIn,
  versionIn,
  withAdvisory,
  withKey,
  withoutAdvisory,
  withVersion,
} from './lifecycle-model.ts';
import { checkServed } from './lifecycle-served.ts';
import { rotate, rotationOf } from './rotating.ts';

const RUNS = 30;
const STEPS = 12;
const SEED = 20_260_601;
const LIMIT_MS = 12_000;
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0-rc.1'];
const RANGES = ['<1.1.0', '>=1.1.0', '*'];

let world: Ground;
let processes: readonly [RegistryProcess, RegistryProcess];
const tokens: Record<string, string> = {};

const SCOPES = ['packs:publish', 'packs:yank', 'packs:yank-revert', 'keys:manage', 'namespaces:claim'];

beforeAll(async () => {
  world = await ground();
  processes = [await world.start(), await world.start()];
  const [{ call }] = processes;
  for (const name of ['alice', 'mallory']) tokens[name] = await accountWith(call, name, SCOPES);
  const claim = { token: tokens['alice'] ?? '', body: { namespace: 'vendor.alice' } };
  expect((await call('POST', '/access/namespaces', claim)).status).toBeLessThan(300);
});
afterAll(() => world.clear());

/** What a row of changes has in its hands beside the model. */
interface Hands {
  readonly names: readonly [string, string];
  readonly keys: Publisher[];
}

type Actor = 'alice' | 'mallory' | 'operator';

/** One change: which pack it is about, what it does and to whom; numbers are taken modulo what there is. */
interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly actor: Actor;
  readonly pack: 0 | 1;
  readonly version: string;
  readonly key: number;
  readonly range: string;
  readonly at: 0 | 1;
}

const KINDS = [
  ...(['publish', 'publish', 'publish', 'yank', 'unyank', 'deprecate', 'undeprecate', 'unpublish'] as const),
  ...(['rotate', 'revoke', 'advise', 'withdraw'] as const),
];

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS),
  actor: fc.constantFrom<Actor>('alice', 'alice', 'alice', 'operator', 'mallory'),
  pack: fc.constantFrom(0 as const, 1 as const),
  version: fc.constantFrom(...VERSIONS),
  key: fc.nat(7),
  range: fc.constantFrom(...RANGES),
  at: fc.constantFrom(0 as const, 1 as const),
});

/** What the model says is answered, and how it goes on. */
interface Outcome {
  readonly answer: Answer;
  readonly status: number | readonly number[];
  readonly model: Model;
}

type Play = (model: Model, hands: Hands, step: Step, name: string) => Promise<Outcome | undefined>;

const send = (
  method: string,
  path: string,
  { actor, at }: Step,
  body?: object | Uint8Array,
): Promise<Answer> =>
  (processes[at] as RegistryProcess).call(method, path, {
    ...(actor === 'operator' ? {} : { token: tokens[actor] ?? '' }),
    ...(body === undefined ? {} : { body }),
  });

const publish: Play = async (model, { keys }, step, name) => {
  const { tree } = packIn(model, name);
  const key = keys[step.key % keys.length] as Publisher;
  const body = await key.pack({ name, version: step.version, tree });
  const answer = await send('PUT', addressOf(name, step.version, tree), step, body);
  const taken = versionIn(model, name, step.version);
  if (step.actor === 'mallory') return { answer, status: 403, model };
  if (model.keys.get(key.keyId) !== 'active') return { answer, status: 400, model };
  if (taken !== undefined)
    return { answer, status: taken.unpublished || taken.keyId !== key.keyId ? 409 : 200, model };
  const yanked = advisedIn(model, name, step.version);
  return { answer, status: 201, model: withVersion(model, name, step.version, { keyId: key.keyId, yanked }) };
};

/** A change of how one version stands; one that was unpublished stands as it does for ever. */
const standing =
  (method: string, action: string, body: object | undefined, change: object, held = false): Play =>
  async (model, _, step, name) => {
    const { tree } = packIn(model, name);
    const answer = await send(method, `/${tree}/packs/${name}/-/${step.version}/${action}`, step, body);
    const known = versionIn(model, name, step.version);
    if (step.actor === 'mallory') return { answer, status: 403, model };
    if (known === undefined || known.unpublished) return { answer, status: 404, model };
    if (held && known.yanked && advisedIn(model, name, step.version)) return { answer, status: 409, model };
    return { answer, status: 200, model: withVersion(model, name, step.version, change) };
  };

const unpublish: Play = async (model, _, step, name) => {
  const path = `/${packIn(model, name).tree}/packs/${name}/-/${step.version}`;
  const answer = await send('DELETE', path, step, { reason: 'by mistake' });
  const known = versionIn(model, name, step.version);
  if (step.actor === 'mallory') return { answer, status: 403, model };
  if (known === undefined) return { answer, status: 404, model };
  return { answer, status: 200, model: withVersion(model, name, step.version, { unpublished: true }) };
};

/** By whoever listed the key: others may not even learn of it. */
const rotateKey: Play = async (model, { names, keys }, step, name) => {
  const old = keys[step.key % keys.length] as Publisher;
  if (model.keys.get(old.keyId) !== 'active') return undefined;
  const next = createPublisher(`${keys[0]?.keyId}-${keys.length}`);
  const body = rotationOf(old, next, { account: 'alice', namespaces: names });
  const answer = await rotate(processes[step.at] as RegistryProcess, tokens['alice'] ?? '', body, name);
  keys.push(next);
  const rotated = withKey(withKey(model, old.keyId, 'rotated'), next.keyId, 'active');
  return { answer, status: [200, 201, 202], model: rotated };
};

const revokeKey: Play = async (model, { keys }, step) => {
  const key = keys[step.key % keys.length] as Publisher;
  if (step.actor === 'mallory' || model.keys.get(key.keyId) === 'revoked') return undefined;
  const answer = await send('POST', `/access/keys/${key.keyId}/revoke`, step, { reason: 'lost' });
  return { answer, status: 200, model: withKey(model, key.keyId, 'revoked') };
};

const advise: Play = async (model, _, step, packName) => {
  const affected = [{ packName, versions: step.range }];
  const answer = await send(
    'POST',
    '/security/advisories',
    { ...step, actor: 'operator' },
    {
      severity: 'high',
      summary: 'Leaks',
      affected,
    },
  );
  const id = String(answer.json.advisory?.id);
  return {
    answer,
    status: 201,
    model: withAdvisory(model, { id, packName, range: step.range, active: true }),
  };
};

const withdraw: Play = async (model, _, step) => {
  const advisory = model.advisories[step.key % Math.max(model.advisories.length, 1)];
  if (!advisory?.active) return undefined;
  const path = `/security/advisories/${advisory.id}`;
  const answer = await send('DELETE', path, { ...step, actor: 'operator' }, { reason: 'wrong' });
  return { answer, status: 200, model: withoutAdvisory(model, advisory.id) };
};

const PLAYS: Readonly<Record<Step['kind'], Play>> = {
  publish,
  yank: standing('POST', 'yank', { reason: 'broken' }, { yanked: true }),
  unyank: standing('DELETE', 'yank', undefined, { yanked: false }, true),
  deprecate: standing('POST', 'deprecate', { reason: 'old' }, { deprecated: true }),
  undeprecate: standing('DELETE', 'deprecate', undefined, { deprecated: false }),
  unpublish,
  rotate: rotateKey,
  revoke: revokeKey,
  advise,
  withdraw,
};

/** Readers of the other process learn of a change by the doorbell, which takes a moment. */
const agreed = (model: Model, name: string, at: RegistryProcess): Promise<void> =>
  vi.waitFor(
    () => checkServed((path) => at.call('GET', path, { token: null }), model, packIn(model, name), VERSIONS),
    { timeout: 8_000, interval: 30 },
  );

let runs = 0;
let changes = 0;
let end = Number.POSITIVE_INFINITY;

const begin = async (): Promise<{ model: Model; hands: Hands }> => {
  runs += 1;
  const names = [`vendor.alice.r${runs}x-one`, `vendor.alice.r${runs}x-two`] as const;
  const key = createPublisher(`r${runs}x`);
  const body = key.listing('alice', names);
  const answer = await processes[0].call('POST', '/access/keys', { token: tokens['alice'] ?? '', body });
  expect(answer.status).toBe(201);
  const model = emptyModel({ [names[0]]: 'v1', [names[1]]: 'v2' }, key.keyId);
  return { model, hands: { names, keys: [key] } };
};

const play = async (steps: readonly Step[]): Promise<void> => {
  const { model: start, hands } = await begin();
  let model = start;
  for (const each of steps) {
    // A busy machine plays less; what was played is held against the model all the same.
    if (performance.now() > end) break;
    const name = hands.names[each.pack];
    const outcome = await PLAYS[each.kind](model, hands, each, name);
    if (outcome === undefined) continue;
    const { answer, status } = outcome;
    expect([status].flat(), `${JSON.stringify(each)}: ${answer.bytes}`).toContain(answer.status);
    model = outcome.model;
    changes += 1;
    await agreed(model, name, processes[each.at] as RegistryProcess);
  }
  for (const name of hands.names) for (const at of processes) await agreed(model, name, at);
};

/** Rows that are played at once: each has packs and keys of its own, and they share lists, log and both processes. */
const AT_ONCE = 5;

describe('the life of packs', () => {
  it('is told alike by all documents of all processes, whatever happens in whatever order', async () => {
    end = performance.now() + LIMIT_MS;
    const row = fc.array(step, { minLength: 4, maxLength: STEPS, size: 'max' });
    const rows = fc.array(row, { minLength: AT_ONCE, maxLength: AT_ONCE });
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        if (performance.now() < end) await Promise.all(all.map(play));
      }),
      { numRuns: RUNS / AT_ONCE, seed: SEED, endOnFailure: true },
    );
    expect(changes).toBeGreaterThan(AT_ONCE);
  }, 90_000);
});
