// Attacks on the rotation of keys, by name: each is refused, and leaves nothing behind.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatPublicKeySpki } from '../../keys/key.ts';
import { accountWith, createPublisher, type Publisher } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { proofBy, publicKeyFor, rotate, rotationOf } from './rotating.ts';

let registry: TestRegistry;
let alice: string;
let bob: string;
let key: Publisher;
let made = 0;
const now = new Date('2027-03-01T12:00:00Z');
const NAME = 'vendor.alice.tools';
const NAMESPACES = ['vendor.alice.*'];
const ALICE = { account: 'alice', namespaces: NAMESPACES, now };
const DAY_MS = 24 * 60 * 60 * 1_000;

const holderOf = async (account: string): Promise<string> => {
  const token = await accountWith(registry.call, account, ['namespaces:claim', 'keys:manage']);
  await registry.call('POST', '/access/namespaces', { token, body: { namespace: `vendor.${account}` } });
  return token;
};

const list = async (token: string, publisher: Publisher, account: string, namespaces: readonly string[]) => {
  const body = publisher.listing(account, namespaces);
  expect((await registry.call('POST', '/access/keys', { token, body })).status).toBe(201);
};

beforeAll(async () => {
  registry = await startRegistry({}, { now: () => now });
  alice = await holderOf('alice');
  bob = await holderOf('bob');
});
afterAll(() => registry.stop());
beforeEach(async () => {
  made += 1;
  key = createPublisher(`alice-${made}`);
  await list(alice, key, 'alice', NAMESPACES);
});

const everything = async () => ({
  stored: await registry.stored(),
  keys: (await registry.call('GET', '/access/keys', { token: registry.adminToken })).json,
});

/** Refused with that code, and nothing of it is there afterwards. */
const refused = async (code: string, body: object, { token = alice, name = NAME } = {}) => {
  const before = await everything();
  const answer = await rotate(registry, token, body, name);
  expect([answer.json.error, answer.status]).toEqual([code, expect.any(Number)]);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(await everything()).toEqual(before);
  return answer;
};

const next = (): Publisher => createPublisher(`next-${made}`);

describe('the proof of a rotation', () => {
  it('made by another key than the old one is refused', async () => {
    const [to, stranger] = [next(), createPublisher('stranger')];
    const body = rotationOf(key, to, ALICE);
    const forged = { ...body, rotationProof: proofBy(stranger, to, body.validFrom) };
    await refused('rotation_proof_invalid', forged);
    const ownProof = { ...body, rotationProof: proofBy(to, to, body.validFrom) };
    await refused('rotation_proof_invalid', ownProof);
  });

  it('made over another new key is refused', async () => {
    const [to, other] = [next(), createPublisher(next().keyId)];
    const body = rotationOf(key, to, ALICE);
    await refused('rotation_proof_invalid', { ...body, rotationProof: proofBy(key, other, body.validFrom) });
    await refused('rotation_proof_invalid', { ...body, publicKey: formatPublicKeySpki(publicKeyFor(other)) });
  });

  it('made for another id or another time is refused', async () => {
    const to = next();
    const body = rotationOf(key, to, ALICE);
    await refused('rotation_proof_invalid', { ...body, kid: `${to.keyId}x` });
    await refused('rotation_proof_invalid', { ...body, validFrom: '2027-03-01T12:00:01Z' });
    await refused('rotation_proof_invalid', { ...body, validFrom: '2027-03-01T12:00:00Z' });
  });

  it('that is no signature at all is refused', async () => {
    const body = rotationOf(key, next(), ALICE);
    for (const rotationProof of ['AAAA', '!', Buffer.alloc(64).toString('base64')])
      await refused('rotation_proof_invalid', { ...body, rotationProof });
    await refused('validation_error', { ...body, rotationProof: undefined });
  });

  it('replayed under another pack, which the old key does not speak for, opens nothing', async () => {
    const narrow = createPublisher(`narrow-${made}`);
    await list(alice, narrow, 'alice', [NAME]);
    const body = rotationOf(narrow, next(), { ...ALICE, namespaces: [NAME] });
    await refused('key_not_found', body, { name: 'vendor.alice.other' });
    expect((await rotate(registry, alice, body)).status).toBe(201);
    await refused('key_not_found', body, { name: 'vendor.alice.other' });
  });

  it('replayed under the namespace of another, or by another account, opens nothing', async () => {
    const body = rotationOf(key, next(), ALICE);
    await refused('key_not_found', body, { token: bob, name: 'vendor.bob.tools' });
    await refused('forbidden', body, { token: bob });
    await refused('forbidden', body, { name: 'vendor.bob.tools' });
    expect((await rotate(registry, alice, body)).status).toBe(201);
    await refused('key_not_found', body, { token: bob, name: 'vendor.bob.tools' });
  });
});

describe('the new key', () => {
  it('speaks for what the old one spoke for, whatever is asked', async () => {
    const to = next();
    const body = { ...rotationOf(key, to, ALICE), namespaces: ['vendor.*', 'core.openwop.*'] };
    expect((await rotate(registry, alice, body)).status).toBe(201);
    const { keys } = (await registry.call('GET', '/access/keys')).json;
    expect(keys.find(({ keyId }: { keyId: string }) => keyId === to.keyId).namespaces).toEqual(NAMESPACES);
  });

  it('has to be held by whoever brings it', async () => {
    const [to, victim] = [next(), createPublisher('victim')];
    const body = rotationOf(key, to, ALICE);
    await refused('validation_error', { ...body, proof: undefined });
    await refused('validation_error', { ...body, proof: rotationOf(key, victim, ALICE).proof });
    const widened = rotationOf(key, to, { ...ALICE, namespaces: ['vendor.alice.*', 'vendor.bob.*'] });
    await refused('validation_error', widened);
  });

  it('of small order, in another encoding, or no key at all is refused', async () => {
    const body = rotationOf(key, next(), ALICE);
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    const spki = (hex: string) => Buffer.concat([prefix, Buffer.from(hex, 'hex')]).toString('base64');
    const smallOrder = `01${'00'.repeat(31)}`;
    const nonCanonical = `ee${'ff'.repeat(30)}7f`;
    for (const publicKey of [spki(smallOrder), spki(nonCanonical), smallOrder, 'MCowBQYDK2VwAyEA', 'hello'])
      await refused('validation_error', { ...body, publicKey });
    await refused('validation_error', { ...body, algorithm: 'rsa' });
  });

  it('with an id that is there already, or listed before under another, is refused', async () => {
    const taken = createPublisher('taken-1');
    await list(alice, taken, 'alice', NAMESPACES).catch(() => undefined);
    await refused('already_exists', rotationOf(key, createPublisher('taken-1'), ALICE));
    await refused('already_exists', rotationOf(key, createPublisher('taken-2', taken.seed), ALICE));
    await refused('already_exists', rotationOf(key, createPublisher(key.keyId), ALICE));
    await refused('validation_error', { ...rotationOf(key, next(), ALICE), kid: '../root' });
  });

  it.each([
    ['far in the past', -10 * DAY_MS],
    ['a quarter of an hour ago', -15 * 60 * 1_000],
    ['far in the future', 400 * DAY_MS],
  ])('that begins %s is refused', async (_, ms) => {
    const validFrom = new Date(now.getTime() + ms).toISOString();
    await refused('validation_error', rotationOf(key, next(), { ...ALICE, validFrom }));
  });

  it.each(['2027-03-01', '2027-03-01T12:00:00+00:00', '2027-02-30T12:00:00Z', 'tomorrow'])(
    'that begins at "%s", which is no instant in UTC, is refused',
    async (validFrom) => {
      await refused('validation_error', rotationOf(key, next(), { ...ALICE, validFrom }));
    },
  );

  it('that ends before it begins is refused', async () => {
    await refused('validation_error', {
      ...rotationOf(key, next(), ALICE),
      validUntil: '2027-03-01T12:00:00Z',
    });
  });
});

describe('the old key', () => {
  it('of somebody else is not found, for the operator either', async () => {
    const own = createPublisher(`bob-${made}`);
    await list(bob, own, 'bob', ['vendor.bob.*']);
    const stolen = rotationOf(own, next(), { account: 'alice', namespaces: ['vendor.bob.*'], now });
    await refused('key_not_found', stolen);
    const mine = rotationOf(key, next(), ALICE);
    await refused('key_not_found', mine, { token: registry.adminToken });
    await refused('key_not_found', { ...mine, rotatedFrom: 'nobody-1' });
  });

  it('that was revoked cannot be followed', async () => {
    await registry.call('POST', `/access/keys/${key.keyId}/revoke`, {
      token: alice,
      body: { reason: 'lost' },
    });
    const answer = await refused('key_not_active', rotationOf(key, next(), ALICE));
    expect(answer.json.details.standing).toBe('revoked');
  });

  it('is followed by one key only, and nothing goes round in a circle', async () => {
    const to = next();
    expect((await rotate(registry, alice, rotationOf(key, to, ALICE))).status).toBe(201);
    const second = await refused('already_exists', rotationOf(key, createPublisher('second'), ALICE));
    expect(second.json.details.rotatedTo).toBe(to.keyId);
    await refused('already_exists', rotationOf(to, key, ALICE));
    await refused('already_exists', rotationOf(to, to, ALICE));
  });

  it('is followed by one of two who come at once', async () => {
    const [one, two] = [createPublisher(`one-${made}`), createPublisher(`two-${made}`)];
    const answers = await Promise.all(
      [one, two].map((to) => rotate(registry, alice, rotationOf(key, to, ALICE))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('is not rotated without the scope, nor beyond what a token is limited to', async () => {
    const body = rotationOf(key, next(), ALICE);
    const tokenOf = async (scopes: readonly string[], namespaces?: readonly string[]) =>
      (await registry.call('POST', '/access/tokens', { body: { account: 'alice', scopes, namespaces } })).json
        .token;
    await refused('forbidden', body, { token: await tokenOf(['packs:publish']) });
    await refused('key_not_found', body, { token: await tokenOf(['keys:manage'], [NAME]) });
  });
});
