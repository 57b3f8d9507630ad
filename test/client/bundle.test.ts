// A bundle is verified without a network by the same questions, and whoever tampers with it is refused by them.
import { describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import {
  type Bundle,
  bundleBytes,
  fileTrustStore,
  makeBundle,
  memoryTrustStore,
  parseBundle,
  parseRequest,
  Refusal,
  type VerifyBundleOptions,
  verifyBundle,
} from '../../src/client/index.ts';
import { digestOf } from '../../storage/digest.ts';
import { NOW, rootOf, signedRoot } from '../keys/trust-world.ts';
import { makePack, withOtherFiles } from '../world/packs.ts';
import { type StaticRegistry, yank } from '../world/static-registry.ts';
import { cutOff } from './cut-off.ts';
import { newHost, TOOLS, tempFolder } from './host.ts';
import { withoutLog } from './lies.ts';
import { loggedRegistry } from './logged.ts';
import { otherLeaf } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const NAME = 'vendor.acme.tools';
const PROOF = `/v1/packs/${NAME}/-/1.0.0.proof`;
const TARBALL = `/v1/packs/${NAME}/-/1.0.0.tgz`;
const LATER = new Date('2026-06-09T00:00:00Z');

const firstRoot = async (): Promise<Uint8Array> =>
  Buffer.from(envelopeText(await signedRoot(rootOf(), 'root-a', 'root-b')));

const world = async () => {
  const pack = await makePack(publisher);
  const registry = await loggedRegistry(pack);
  await registry.serveStatement(pack);
  return { registry, pack };
};

const bundleOf = async ({ url }: StaticRegistry, store = memoryTrustStore()): Promise<Bundle> => {
  const { bundle } = await makeBundle({ url, store, ...at() }, parseRequest(TOOLS));
  return parseBundle(Buffer.from(bundleBytes(bundle)).toString());
};

const refusalIn = async (bundle: Bundle, options: VerifyBundleOptions = {}): Promise<Refusal> => {
  const pinnedRoot = await firstRoot();
  const outcome = await verifyBundle(bundle, { pinnedRoot, at: NOW, ...options }).catch((error) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  return outcome as Refusal;
};

const tampered = (bundle: Bundle, path: string, body: Uint8Array): Bundle => {
  expect(bundle.answers.has(path)).toBe(true);
  return { ...bundle, answers: new Map([...bundle.answers, [path, { status: 200, body }]]) };
};

describe('a bundle', () => {
  it('is verified without a network, by every question that was asked with one', async () => {
    const { registry, pack } = await world();
    const bundle = await bundleOf(registry);
    await registry.close();
    cutOff();
    const verified = await verifyBundle(bundle, { pinnedRoot: await firstRoot(), at: NOW });
    expect(verified).toMatchObject({ name: NAME, assurance: 'log+bytes', warnings: [] });
    expect(verified.questions.flatMap((each) => (each.answer === 'yes' ? [] : [each.question]))).toEqual([
      'engines',
    ]);
    expect(verified.digest).toBe(digestOf(pack.tarball));
  });

  it('may begin at any root that there ever was, whatever its maker remembered', async () => {
    const { registry } = await world();
    const host = await newHost();
    for (const version of [2, 3, 4]) await registry.serveRoot({ version });
    await host.install(registry, TOOLS, at());
    const bundle = await bundleOf(registry, host.store as ReturnType<typeof memoryTrustStore>);
    const verified = await verifyBundle(bundle, { pinnedRoot: await firstRoot(), at: NOW });
    expect(verified.warnings).toEqual([]);
    expect((await verifyBundle(bundle, { at: NOW })).assurance).toBe('log+bytes');
  });

  it('says that its root was not pinned, where it was not', async () => {
    const { registry } = await world();
    const verified = await verifyBundle(await bundleOf(registry), { at: NOW });
    expect(verified.warnings.join()).toContain('trusted on first use');
  });

  it('of a registry without a log is verified to its own assurance', async () => {
    const bundle = await bundleOf(await withoutLog(await makePack(publisher)));
    expect((await verifyBundle(bundle)).assurance).toBe('manifest');
  });

  it('of a yanked version carries its warning', async () => {
    const pack = await makePack(publisher);
    const registry = await withoutLog(pack);
    yank(registry, pack, 'it was broken');
    expect((await verifyBundle(await bundleOf(registry))).warnings.join()).toContain('it was broken');
  });

  it('holds no token and no answer to anything that was not asked', async () => {
    const { registry } = await world();
    const store = memoryTrustStore();
    const options = { url: registry.url, store, token: 'secret-token', ...at() };
    const { bundle } = await makeBundle(options, parseRequest(TOOLS));
    expect(Buffer.from(bundleBytes(bundle)).toString()).not.toContain('secret');
    expect([...bundle.answers.keys()].filter((path) => !registry.requests.includes(path))).toEqual([]);
  });

  it('is not made of what is refused', async () => {
    const { registry } = await world();
    registry.files.delete(PROOF);
    await expect(bundleOf(registry)).rejects.toMatchObject({ code: 'proof_missing' });
  });

  it('is held against what was seen of the registry before', async () => {
    const { registry } = await world();
    const bundle = await bundleOf(registry);
    const store = fileTrustStore(`${await tempFolder()}/state.json`, bundle.registry);
    for (let more = 0; more < 5; more += 1) registry.log.append(otherLeaf(`more ${more}`));
    await registry.serveLog();
    await (await newHost()).install(registry, TOOLS, { ...at(), store });
    expect(await refusalIn(bundle, { store })).toMatchObject({ code: 'checkpoint_rollback' });
  });
});

describe('a bundle that has grown old', () => {
  it('is refused, with the time as of which it can be asked about', async () => {
    const { registry } = await world();
    const bundle = await bundleOf(registry);
    const refused = await refusalIn(bundle, { at: LATER });
    expect(refused).toMatchObject({ question: 'keyring', code: 'keyring_expired' });
    expect(refused.evidence['bundledAt']).toBe(NOW.toISOString());
    const options = { pinnedRoot: await firstRoot(), at: new Date(bundle.createdAt) };
    expect((await verifyBundle(bundle, options)).assurance).toBe('log+bytes');
  });
});

describe('a bundle that says it was made later than now', () => {
  it('is refused, since nobody can have made it', async () => {
    const { registry } = await world();
    const bundle = { ...(await bundleOf(registry)), createdAt: '2096-01-01T00:00:00.000Z' };
    const refused = await refusalIn(bundle);
    expect(refused).toMatchObject({ code: 'bundle_unreadable', evidence: { createdAt: bundle.createdAt } });
  });
});

describe('a bundle that was tampered with', () => {
  const cases: readonly (readonly [string, string, (bundle: Bundle) => Promise<Bundle>])[] = [
    [
      'its tarball',
      'pack_integrity_mismatch',
      async (bundle) =>
        tampered(bundle, TARBALL, (await withOtherFiles(await makePack(publisher), { x: 'y' })).tarball),
    ],
    [
      'its proof',
      'leaf_not_included',
      async (bundle) => {
        const honest = Buffer.from(bundle.answers.get(PROOF)?.body ?? []).toString();
        const extra = Buffer.from(otherLeaf('evil')).toString('base64');
        return tampered(bundle, PROOF, Buffer.from(honest.replace(/extra .*/, `extra ${extra}`)));
      },
    ],
    [
      'its keyring',
      'reply_malformed',
      async (bundle) => tampered(bundle, '/trust/keyring.json', Buffer.from('{}')),
    ],
    [
      'its list of withdrawn versions',
      'reply_malformed',
      async (bundle) => tampered(bundle, '/trust/withdrawals.json', Buffer.from('{}')),
    ],
    [
      'its head of the log',
      'checkpoint_signature',
      async (bundle) => {
        const note = Buffer.from(bundle.answers.get('/transparency/checkpoint')?.body ?? []).toString();
        return tampered(bundle, '/transparency/checkpoint', Buffer.from(note.replace('\n4\n', '\n8\n')));
      },
    ],
    [
      'an answer taken away',
      'bundle_incomplete',
      async (bundle) => ({
        ...bundle,
        answers: new Map([...bundle.answers].filter(([path]) => path !== TARBALL)),
      }),
    ],
    [
      'the digest that it names',
      'bundle_mismatch',
      async (bundle) => ({ ...bundle, digest: digestOf(Buffer.from('other')) }),
    ],
    ['the version that it names', 'bundle_incomplete', async (bundle) => ({ ...bundle, version: '9.0.0' })],
  ];
  it.each(cases)('is refused: %s (%s)', async (_name, code, tamper) => {
    const { registry } = await world();
    const bundle = await tamper(await bundleOf(registry));
    expect((await refusalIn(bundle)).code).toBe(code);
  });

  it('is refused whole where its root is not the pinned one', async () => {
    const { registry } = await world();
    const other = await signedRoot(rootOf({ issuedAt: '2026-01-02T00:00:00Z' }), 'root-a', 'root-b');
    const foreign = Buffer.from(envelopeText(other));
    const store = memoryTrustStore();
    await verifyBundle(await bundleOf(registry), { pinnedRoot: await firstRoot(), at: NOW, store });
    const refused = await refusalIn(await bundleOf(registry), { pinnedRoot: foreign, store });
    expect(refused.code).toBe('root_fork');
  });

  const sound = {
    format: 'attestry-bundle/v1',
    registry: 'http://a.example',
    name: NAME,
    version: '1.0.0',
    createdAt: '2026-06-01T00:00:00Z',
    digest: '0'.repeat(64),
    answers: { '/x': { status: 200, body: '' } },
  };
  const broken: readonly (readonly [string, unknown])[] = [
    ['is no JSON', undefined],
    ['is no object', []],
    ['has another format', { ...sound, format: 'attestry-bundle/v2' }],
    ['names no registry', { ...sound, registry: 'ftp://a.example' }],
    ['names no pack', { ...sound, name: '../..' }],
    ['has no digest', { ...sound, digest: 'x' }],
    ['has no time', { ...sound, createdAt: 'x' }],
    ['has no answers', { ...sound, answers: {} }],
    ['has an answer that is no base64', { ...sound, answers: { '/x': { status: 200, body: '?' } } }],
    ['has an answer without a status', { ...sound, answers: { '/x': { body: '' } } }],
    [
      'has an answer of another place',
      { ...sound, answers: { 'http://b.example': { status: 200, body: '' } } },
    ],
  ];
  it.each(broken)('is refused before anything is verified: it %s', (_name, document) => {
    const text = document === undefined ? '{' : JSON.stringify(document);
    expect(() => parseBundle(text)).toThrow(expect.objectContaining({ code: 'bundle_unreadable' }));
    expect(() => parseBundle(JSON.stringify(sound))).not.toThrow();
  });
});
