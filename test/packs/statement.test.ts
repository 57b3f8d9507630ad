// The release statement that comes with an upload: kept and served where it is true, else nothing is published.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Envelope, envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { seedSigner } from '../../keys/signers/seed.ts';
import { parseReleaseStatement, RELEASE_PAYLOAD_TYPE } from '../../src/protocol/statement.ts';
import { digestOf } from '../../storage/digest.ts';
import { accountWith, addressOf, createPublisher, delegate, type PackOptions } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { stated, statementHeaders } from '../world/statements.ts';

let registry: TestRegistry;
const acme = createPublisher();
const colleague = createPublisher('acme-2');
const host = createPublisher('host-1');

beforeAll(async () => {
  registry = await startRegistry({ mode: 'private', allowUnsigned: true });
  await delegate(registry.call, acme, ['vendor.acme.*', 'community.acme.*']);
  await delegate(registry.call, colleague, ['vendor.acme.*']);
  await delegate(registry.call, host, ['private.host.*']);
});
afterAll(() => registry.stop());

const put = (name: string, body: Uint8Array, headers: Record<string, string>, tree: 'v1' | 'v2' = 'v1') =>
  registry.call('PUT', addressOf(name, '1.0.0', tree), { body, headers });

const statementAt = (name: string, tree: 'v1' | 'v2', token: string | null = null) =>
  registry.call('GET', addressOf(name, '1.0.0', tree, 'intoto.json'), { token });

describe.each(['v1', 'v2'] as const)('a statement about a version of the %s tree', (tree) => {
  const name = `vendor.acme.stated-${tree}`;

  it('is kept and served in both trees, for ever', async () => {
    const body = await acme.pack({ name, tree });
    const envelope = await stated(acme, body, { source: 'git+https://acme.example/packs.git@0123abc' });
    const published = await put(name, body, statementHeaders(envelope), tree);
    expect([published.status, published.json.statement]).toEqual([
      201,
      addressOf(name, '1.0.0', tree, 'intoto.json'),
    ]);
    for (const asked of ['v1', 'v2'] as const) {
      const answer = await statementAt(name, asked);
      expect(answer.bytes.toString()).toBe(envelopeText(envelope));
      expect(answer.headers.get('cache-control')).toContain('immutable');
      expect(parseReleaseStatement(parseEnvelope(answer.bytes).payload)).toMatchObject({
        name,
        sha256: digestOf(body),
      });
    }
  });

  it('stays served when the version is yanked', async () => {
    await registry.call('POST', `/${tree}/packs/${name}/-/1.0.0/yank`, { body: { reason: 'x' } });
    expect((await statementAt(name, tree)).status).toBe(200);
  });
});

describe('a version without a statement', () => {
  const name = 'vendor.acme.silent';

  it('is published all the same, and says so', async () => {
    const body = await acme.pack({ name });
    const published = await put(name, body, {});
    expect([published.status, published.json.statement]).toEqual([201, null]);
    const answer = await statementAt(name, 'v1');
    expect([answer.status, answer.json.error]).toEqual([404, 'statement_not_available']);
    expect((await statementAt(name, 'v2')).json.error).toBe('attestry.statement_not_available');
  });

  it('gets none later: the same bytes again change nothing', async () => {
    const body = await acme.pack({ name });
    const before = await registry.stored();
    const again = await put(name, body, statementHeaders(await stated(acme, body)));
    expect([again.status, again.json.statement]).toEqual([200, null]);
    expect((await statementAt(name, 'v1')).status).toBe(404);
    expect(await registry.stored()).toEqual(before);
  });

  it('keeps the first one where it has one', async () => {
    const other = 'vendor.acme.first';
    const body = await acme.pack({ name: other });
    const first = await stated(acme, body);
    await put(other, body, statementHeaders(first));
    const again = await put(
      other,
      body,
      statementHeaders(await stated(acme, body, { source: 'https://acme.example' })),
    );
    expect([again.status, again.json.statement]).toEqual([
      200,
      addressOf(other, '1.0.0', 'v1', 'intoto.json'),
    ]);
    expect((await statementAt(other, 'v1')).bytes.toString()).toBe(envelopeText(first));
  });

  it('is told apart from one that is not there', async () => {
    expect((await statementAt('vendor.acme.absent', 'v1')).json.details.reason).toBe(
      'pack_version_not_found',
    );
  });
});

const LONG = 'A'.repeat(16 * 1024 + 4);
const other = () => acme.pack({ name: 'vendor.acme.other' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Signs what no honest tool would: a payload of another kind. */
const signedPayload = (payload: string): Promise<Envelope> =>
  signEnvelope({ payloadType: RELEASE_PAYLOAD_TYPE, payload: Buffer.from(payload) }, [
    seedSigner(parseKeyId(acme.keyId), acme.seed),
  ]);

/** Signed as it must be, under a key id as it stands in JSON. */
const underKeyId = async (body: Uint8Array, keyId: string): Promise<string> =>
  base64(envelopeText(await stated(acme, body)).replace(/"keyid":"[^"]*"/, `"keyid":"${keyId}"`));

const swapped = async (body: Uint8Array): Promise<Envelope> => {
  const [mine, another] = [await stated(acme, body), await stated(acme, await other())];
  return { ...another, payload: mine.payload };
};

describe.each([
  ['v1', 'signature_invalid'],
  ['v2', 'pack_signature_invalid'],
] as const)('on %s, nothing is published with a statement', (tree, error) => {
  it.each<[string, string, (body: Uint8Array) => Promise<Envelope | string>]>([
    ['by another key of the same namespace', 'signature', (body) => stated(colleague, body)],
    ['by a key that borrows the id', 'signature', (body) => stated(createPublisher('acme-1'), body)],
    ['whose payload was swapped', 'signature', swapped],
    ['about other bytes', 'disagrees', (body) => stated(acme, body, { sha256: '0'.repeat(64) })],
    [
      'about another pack.json',
      'disagrees',
      (body) => stated(acme, body, { packJsonSha256: '0'.repeat(64) }),
    ],
    ['about another version', 'disagrees', (body) => stated(acme, body, { version: '1.0.1' })],
    ['about another pack', 'disagrees', async () => stated(acme, await other())],
    ['with other engines', 'disagrees', (body) => stated(acme, body, { engines: {} })],
    ['under a foreign payload type', 'payload_type', (body) => stated(acme, body, {}, 'application/json')],
    ['that is too large', 'too_large', async () => LONG],
    ['that is not base64', 'encoding', async () => '{"payload":"not base64"}'],
    [
      'that is sent twice',
      'encoding',
      async (body) => {
        const text = base64(envelopeText(await stated(acme, body)));
        return `${text}, ${text}`;
      },
    ],
    ['that is no envelope', 'envelope', async () => base64('{"payload":7}')],
    ['whose key id is half a character', 'envelope', (body) => underKeyId(body, 'a\\ud800')],
    ['whose key id is too long', 'envelope', (body) => underKeyId(body, 'x'.repeat(257))],
    ['that is no JSON', 'json', () => signedPayload('no JSON')],
    ['of another type', 'type', () => signedPayload('{"_type":"https://in-toto.io/Statement/v0.1"}')],
  ])('%s (%s)', async (_name, problem, make) => {
    const name = 'vendor.acme.misstated';
    const body = await acme.pack({ name, tree });
    const before = await registry.stored();
    const answer = await put(name, body, statementHeaders(await make(body)), tree);
    expect(answer).toMatchObject({
      status: 400,
      json: { error, details: { reason: 'statement_invalid', problem } },
    });
    expect(await registry.stored()).toEqual(before);
  });
});

describe('the order of refusals', () => {
  const name = 'community.acme.ordered';
  const refusalOf = async (options: PackOptions, make: (body: Uint8Array) => Promise<Envelope | string>) => {
    const body = await acme.pack({ name, ...options });
    const before = await registry.stored();
    const { json } = await put(name, body, statementHeaders(await make(body)));
    expect(await registry.stored()).toEqual(before);
    return [json.error, json.details.reason, json.details.problem ?? json.details.brokenLink];
  };

  it('asks of the signature of pack.json before it asks of the statement', async () => {
    const seed = createPublisher().seed;
    expect(await refusalOf({ seed }, async () => 'nonsense')).toEqual([
      'signature_invalid',
      undefined,
      'signature',
    ]);
  });

  it('takes no statement for a pack that nobody signed', async () => {
    const refusal = await refusalOf({ seed: null }, (body) => stated(acme, body));
    expect(refusal).toEqual(['signature_invalid', 'statement_invalid', 'unsigned']);
  });

  it('asks of the statement before it finds that the version is taken', async () => {
    await put(name, await acme.pack({ name }), {});
    const refusal = await refusalOf({ files: { 'README.md': 'other' } }, async () => 'nonsense');
    expect(refusal).toEqual(['signature_invalid', 'statement_invalid', 'encoding']);
  });
});

describe('the statement of a private pack', () => {
  it('is shown to those who may read the pack, and to nobody else', async () => {
    const name = 'private.host.secret';
    const body = await host.pack({ name });
    await put(name, body, statementHeaders(await stated(host, body)));
    const reader = await accountWith(registry.call, 'reader', ['packs:read'], ['private.host.*']);
    const stranger = await accountWith(registry.call, 'stranger', ['packs:read']);
    const shown = await statementAt(name, 'v1', reader);
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'private, no-store']);
    for (const token of [null, stranger]) {
      const [seen, absent] = [
        await statementAt(name, 'v1', token),
        await statementAt('private.host.absent', 'v1', token),
      ];
      expect([seen.status, seen.json.error, seen.json.message]).toEqual([
        404,
        absent.json.error,
        absent.json.message,
      ]);
    }
  });
});

describe('a version that ends like a file', () => {
  it.each(['1.0.0-a.intoto', '1.0.0+a.sbom'])(
    '%s is refused: its address would be that of another',
    async (version) => {
      const name = 'vendor.acme.ambiguous';
      const before = await registry.stored();
      const address = addressOf(name, encodeURIComponent(version));
      const answer = await registry.call('PUT', address, { body: await acme.pack({ name, version }) });
      expect([answer.status, answer.json.error]).toEqual([400, 'invalid_version']);
      expect(await registry.stored()).toEqual(before);
    },
  );
});
