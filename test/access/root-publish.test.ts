// The root that follows: put in force only where enough keys of both roots agree and the registry can go on signing.
import { chmod, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { verifyKeyring } from '../../keys/keyring.ts';
import { ROOT_PAYLOAD_TYPE, rootPayload } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { accountWith, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import {
  currentKeyring,
  currentRoot,
  holders,
  layKey,
  logOf,
  ownRootKey,
  publish,
  roleOf,
  signedRootText,
  successor,
} from './root-world.ts';

const THREE = holders('alice', 'bob', 'carol');
const FIVE = holders('ann', 'ben', 'cem', 'dora', 'eli');

let registry: TestRegistry;
const now = new Date('2027-01-01T00:00:00Z');
let first: Signer;
beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now });
  first = await ownRootKey(registry.dataDir);
});
afterAll(() => registry.stop());

const root = () => currentRoot(registry.call);

/** Everything that a root could leave behind. */
const left = async () => [
  await registry.sql`select version, envelope from roots order by version`,
  await registry.sql`select version, envelope from keyrings`,
  (await registry.stored()).events,
];

const refused = async (answer: ReturnType<typeof publish>, before: unknown) => {
  const { status, json } = await answer;
  expect(await left()).toEqual(before);
  expect([status, json.error]).toEqual([400, 'validation_error']);
  return json.details;
};

describe('a root that follows', () => {
  it('hands one key over to 2 of 3, in one step with its event and nothing else', async () => {
    const before = await registry.stored();
    const ring = (await currentKeyring(registry.call)).version;
    const next = successor(await root(), roleOf(2, THREE));
    const answer = await publish(registry.call, next, [first, ...THREE.slice(0, 2)]);
    expect([answer.status, answer.json]).toEqual([201, { version: 2, expires: next.expires, created: true }]);
    expect(await root()).toEqual(next);
    expect((await currentKeyring(registry.call)).version).toBe(ring);
    expect((await registry.stored()).events).toBe(before.events + 1);
    const events = await registry.sql`select kind, subject from events where subject = 'root:2'`;
    expect([...events]).toEqual([{ kind: 'root.published', subject: 'root:2' }]);
    for (const version of [1, 2])
      expect((await registry.call('GET', `/trust/${version}.root.json`, { token: null })).status).toBe(200);
  });

  it('that is sent again, even by other hands, changes nothing', async () => {
    const before = await left();
    const answer = await publish(registry.call, await root(), [first, ...THREE.slice(1)]);
    expect([answer.status, answer.json.created]).toEqual([200, false]);
    expect(await left()).toEqual(before);
  });

  it('is refused to everyone but the operator', async () => {
    const [before, token] = [await left(), await accountWith(registry.call, 'eager', ['keys:manage'])];
    const grown = await left();
    const body = JSON.parse(await signedRootText(successor(await root()), THREE));
    const answer = await registry.call('POST', '/trust/roots', { token, body });
    expect([answer.status, answer.json.details.missingScope]).toEqual([403, 'admin']);
    expect(await left()).toEqual(grown);
    expect(grown[0]).toEqual(before[0]);
  });

  it.each([
    ['one of three holders', () => THREE.slice(0, 1), 'root_old_threshold'],
    ['one holder twice', () => [THREE[0], THREE[0]], 'root_old_threshold'],
    ['the holders of the root before the last', () => [first], 'root_old_threshold'],
    ['strangers', () => holders('alice', 'bob'), 'root_old_threshold'],
  ])('signed by %s is refused with who has signed, and nothing is stored', async (_, signers, reason) => {
    const before = await left();
    const answer = publish(registry.call, successor(await root()), signers() as Signer[]);
    expect(await refused(answer, before)).toMatchObject({ reason, expected: 2 });
  });

  it('of 3 of 5 needs three of its own beside two of the old ones', async () => {
    const next = successor(await root(), roleOf(3, FIVE));
    const before = await left();
    const tooFew = publish(registry.call, next, [...THREE, ...FIVE.slice(0, 2)]);
    expect(await refused(tooFew, before)).toMatchObject({
      reason: 'root_new_threshold',
      expected: 3,
      found: 2,
      signedBy: ['ann', 'ben'],
    });
    expect((await publish(registry.call, next, [...THREE.slice(1), ...FIVE.slice(2)])).status).toBe(201);
    expect((await root()).keys.map(({ keyId }) => keyId)).toEqual(['ann', 'ben', 'cem', 'dora', 'eli']);
  });

  it.each([
    ['skips a version', { version: 9 }, 'root_skipped'],
    ['has the version of one before', { version: 2 }, 'root_rollback'],
    ['is of another registry', { registry: 'elsewhere.example' }, 'root_registry'],
    [
      'has expired already',
      { expires: '2026-12-31T00:00:00Z', issuedAt: '2026-01-01T00:00:00Z' },
      'root_expired',
    ],
  ])('that %s is refused, and nothing is stored', async (_, change, reason) => {
    const before = await left();
    const answer = publish(registry.call, successor(await root(), change), FIVE);
    expect(await refused(answer, before)).toMatchObject({ reason });
  });

  it('that renames the log is refused, and nothing is stored', async () => {
    const [before, current] = [await left(), await root()];
    const log = logOf({ ...current, log: { ...current.log, origin: 'another.log' } }, FIVE[0] as Signer);
    const answer = publish(registry.call, successor(current, { log }), FIVE);
    expect(await refused(answer, before)).toMatchObject({ reason: 'root_log', found: 'another.log' });
  });

  it.each([
    ['no envelope', {}],
    ['an envelope without signatures', { payload: '', payloadType: ROOT_PAYLOAD_TYPE, signatures: [] }],
  ])('that is %s is refused, and nothing is stored', async (_, body) => {
    const before = await left();
    const details = await refused(registry.call('POST', '/trust/roots', { body }), before);
    expect(details).toMatchObject({ reason: 'envelope_form' });
  });

  it('under another type is refused: what was signed as something else is no root', async () => {
    const before = await left();
    const payload = rootPayload(successor(await root()));
    const signed = await signEnvelope({ payloadType: 'application/other', payload }, FIVE);
    const body = JSON.parse(envelopeText(signed));
    const details = await refused(registry.call('POST', '/trust/roots', { body }), before);
    expect(details).toMatchObject({ reason: 'payload_type' });
  });
});

describe('a root with another registrar and log', () => {
  it('is refused where the registry could not sign any more, and names the keys and the folder', async () => {
    const [before, current] = [await left(), await root()];
    const [registrar, log] = holders('attestry-registrar-2', 'attestry-log-2') as [Signer, Signer];
    const next = successor(current, { registrar: roleOf(1, [registrar]), log: logOf(current, log) });
    const details = await refused(publish(registry.call, next, FIVE), before);
    expect(details).toMatchObject({ reason: 'root_keys_missing' });
    expect(details.missing).toEqual([
      expect.stringMatching(/^attestry-registrar\*\.pem: 1 of attestry-registrar-2 \(SHA256:/),
      expect.stringMatching(/^attestry-log\*\.pem: SHA256:/),
    ]);
  });

  it('is refused where a new key lies there for others to read, with the cure', async () => {
    const [before, old] = [await left(), await root()];
    const registrar = await layKey(registry.dataDir, 'attestry-registrar-open');
    const path = join(registry.dataDir, 'keys', 'attestry-registrar-open.pem');
    await chmod(path, 0o644);
    const next = successor(old, { registrar: roleOf(1, [registrar]) });
    const details = await refused(publish(registry.call, next, FIVE), before);
    expect(details).toMatchObject({ reason: 'seed_file_open', cure: `chmod 600 ${path}` });
    await rm(path);
  });

  it('is in force together with a keyring by the new registrar, which signs from then on', async () => {
    await delegate(registry.call, createPublisher('before-1'), ['vendor.acme.*']);
    const [old, ring] = [await root(), await currentKeyring(registry.call)];
    const registrar = await layKey(registry.dataDir, 'attestry-registrar-2');
    const log = await layKey(registry.dataDir, 'attestry-log-2');
    const next = successor(old, { registrar: roleOf(1, [registrar]), log: logOf(old, log) });
    expect((await publish(registry.call, next, FIVE)).status).toBe(201);
    const after = await currentKeyring(registry.call);
    expect([after.version, after.delegations]).toEqual([ring.version + 1, ring.delegations]);
    const served = await registry.call('GET', '/trust/keyring.json', { token: null });
    expect(() => verifyKeyring(old, parseEnvelope(served.bytes))).toThrow('Too few');
    await delegate(registry.call, createPublisher('after-1'), ['vendor.acme.*']);
    const { delegations } = await currentKeyring(registry.call);
    expect(delegations.map(({ keyId }) => keyId)).toEqual(['after-1', 'before-1']);
  });

  it('of which two must sign has both their signatures under what the registry says', async () => {
    const old = await root();
    const third = await layKey(registry.dataDir, 'attestry-registrar-3');
    const registrar = { threshold: 2, keys: [...old.registrar.keys, ...roleOf(1, [third]).keys] };
    expect((await publish(registry.call, successor(old, { registrar }), FIVE)).status).toBe(201);
    const { bytes } = await registry.call('GET', '/trust/keyring.json', { token: null });
    expect(parseEnvelope(bytes).signatures).toHaveLength(2);
    await delegate(registry.call, createPublisher('by-two-1'), ['vendor.acme.*']);
    expect((await currentKeyring(registry.call)).delegations).toHaveLength(3);
  });

  it('published by many at once is published once', async () => {
    const before = await registry.stored();
    const next = successor(await root());
    const answers = await Promise.all(FIVE.map(() => publish(registry.call, next, FIVE)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect((await registry.stored()).events).toBe(before.events + 1);
  });
});
