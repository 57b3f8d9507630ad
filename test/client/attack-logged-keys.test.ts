// Keys that must not be believed although a log records what they signed, and encodings that pass only with the lenient.
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../keys/bytes.ts';
import { sign } from '../../keys/ed25519.ts';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { WITHDRAWALS_PAYLOAD_TYPE, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { delegationOf, renamed, role, rootOf, signedRoot, signer } from '../keys/trust-world.ts';
import { makePack } from '../world/packs.ts';
import { partOf } from '../world/static-registry.ts';
import { newHost, registryWith, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, refusedAtVersion, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, loggedRegistry, WITHDRAWALS } from './logged.ts';
import { testLog } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const revokedFrom = (fromPosition: number | null) => ({
  delegations: [delegationOf('publisher')],
  revocations: [
    { keyId: parseKeyId('publisher'), reason: 'stolen', fromPosition, issuedAt: '2026-05-31T00:00:00Z' },
  ],
});

describe('a revoked key that is used again', () => {
  const world = async () =>
    loggedRegistry(await makePack(publisher), await makePack(publisher, { version: '2.0.0' }));

  it('keeps what was recorded before the revocation, and loses what was recorded after it', async () => {
    const registry = await world();
    await registry.serveKeyring(revokedFrom(4));
    const [kept] = await (await newHost()).install(registry, TOOLS, at());
    expect(kept?.verified?.assurance).toBe('log+manifest');
    expect(kept?.verified?.warnings).toContain(
      'key publisher was revoked at position 4; this version lies before it, at 3',
    );
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'delegation', code: 'key_revoked' });
    expect(refused.evidence).toMatchObject({ position: 4, revocations: [{ fromPosition: 4 }] });
  });

  it('cannot be helped by an early time in the leaf: the place counts', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { at: '2026-01-02T00:00:00Z' });
    await registry.serveLog();
    await registry.serveKeyring(revokedFrom(3));
    expect((await refusedAtVersion(await newHost(), registry)).code).toBe('key_revoked');
  });

  it('loses everything where no place is named', async () => {
    const registry = await world();
    await registry.serveKeyring(revokedFrom(null));
    expect((await refusedAtVersion(await newHost(), registry)).code).toBe('key_revoked');
  });

  it('takes an installed pack with it only where that was recorded too late', async () => {
    const registry = await world();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    await registry.serveKeyring({ version: 8, ...revokedFrom(4) });
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    await registry.serveKeyring({ version: 9, ...revokedFrom(3) });
    expect((await host.refusal(registry, TOOLS, at())).code).toBe('key_revoked');
  });

  it('loses everything at a registry without a log, where nobody knows what came first', async () => {
    const pack = await makePack(publisher);
    expect(await assuranceAt(await newHost(), await withoutLog(pack))).toBe('manifest');
    const revoked = await registryWith([pack], [{ publisher, status: 'revoked' }]);
    expect((await (await newHost()).refusal(revoked, TOOLS)).code).toBe('key_revoked');
  });
});

describe('a key outside of its namespace', () => {
  it('is refused although the log records what it signed', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    await registry.delegate({ namespaces: ['vendor.other.*'] });
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'delegation', code: 'key_not_permitted' });
  });

  it('is refused with a statement of its own over a pack that another key signed', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    const delegations = [delegationOf('publisher'), delegationOf('other', { namespaces: ['vendor.acme.*'] })];
    await registry.serveKeyring({ delegations });
    await registry.serveStatement(await makePack(publisher), {}, 'other');
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'statement_signature' });
  });
});

describe('keys compromised below the threshold', () => {
  const twoRegistrars = async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    await registry.serveRoot({ version: 2, registrar: role(2, 'registrar', 'registrar-2', 'registrar-3') });
    await registry.serveKeyring({ version: 8 }, 'registrar', 'registrar-2');
    await registry.serveWithdrawals({ version: 2 }, 'registrar', 'registrar-3');
    const pinnedRoot = Buffer.from(envelopeText(await signedRoot(rootOf(), 'root-a', 'root-b')));
    return { registry, changes: { ...at(), pinnedRoot } };
  };

  it('sign nothing that is believed: two of three registrars do', async () => {
    const { registry, changes } = await twoRegistrars();
    const [pack] = await (await newHost()).install(registry, TOOLS, changes);
    expect(pack?.verified?.assurance).toBe('log+manifest');
  });

  it('are refused with a list of withdrawn versions that one registrar signed', async () => {
    const { registry, changes } = await twoRegistrars();
    await registry.serveWithdrawals({ version: 3 }, 'registrar');
    const refused = await (await newHost()).refusal(registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_signature' });
    expect(refused.evidence).toMatchObject({ expected: 2, found: 1 });
  });

  it('are refused where one key signs twice, under two ids', async () => {
    const { registry, changes } = await twoRegistrars();
    const payload = withdrawalsPayload({
      version: 3,
      issuedAt: '2026-05-31T00:00:00Z',
      expires: '2026-06-07T00:00:00Z',
      treeSize: 0,
      withdrawn: [],
    });
    const signers = [signer('registrar'), renamed('registrar', 'registrar-2')];
    const envelope = await signEnvelope({ payloadType: WITHDRAWALS_PAYLOAD_TYPE, payload }, signers);
    registry.files.set(WITHDRAWALS, Buffer.from(envelopeText(envelope)));
    const refused = await (await newHost()).refusal(registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_signature' });
    expect(refused.evidence).toMatchObject({ expected: 2, found: 1 });
  });

  it('are refused with a list that the log’s key signed: each key signs its own kind only', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    await registry.serveWithdrawals({}, 'log');
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_signature' });
  });
});

describe('a tarball that was signed whole, as the first ones were', () => {
  const tarballSigned = async () => {
    const pack = await makePack(publisher, { seed: null });
    const signature = sign(pack.tarball, publisher.seed);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { change: { keyId: 'publisher', signature: encodeBase64(signature) } });
    await registry.serveLog();
    const served = registry.json(partOf(pack, 'json'));
    const signing = { method: 'ed25519', keyId: 'publisher' };
    return { registry, pack, signature, served, signing };
  };

  it('is under its key byte by byte, and the log holds the signature where none is served', async () => {
    const { registry, pack, signature, served, signing } = await tarballSigned();
    registry.setJson(partOf(pack, 'json'), { ...served, signing });
    expect(await assuranceAt(await newHost(), registry)).toBe('log+bytes');
    registry.files.set(partOf(pack, 'sig'), signature);
    expect(await assuranceAt(await newHost(), registry)).toBe('log+bytes');
  });

  it('is not taken for an unsigned one where the registry leaves the signature out', async () => {
    const { registry } = await tarballSigned();
    const changes = { ...at(), policy: { allowUnsigned: true } };
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'signature', code: 'leaf_signature_mismatch' });
    expect(refused.evidence).toEqual({ expected: { keyId: 'publisher' }, found: { keyId: null } });
  });
});

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The twin of a signature whose scalar is larger by the order of the group: lenient verifiers take both. */
const malleated = (signature: Uint8Array): Uint8Array => {
  const scalar = Buffer.from(signature.slice(32)).reverse().toString('hex');
  const twin = (BigInt(`0x${scalar}`) + ORDER).toString(16).padStart(64, '0');
  return Buffer.concat([signature.slice(0, 32), Buffer.from(twin, 'hex').reverse()]);
};

describe('malleable and small-order encodings', () => {
  it('of a pack’s signature are not the signature that the log records', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    registry.files.set(partOf(pack, 'sig'), malleated(pack.signature));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'signature', code: 'leaf_signature_mismatch' });
  });

  it('of a pack’s signature are refused where the log records the very twin', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { change: { signature: encodeBase64(malleated(pack.signature)) } });
    await registry.serveLog();
    registry.files.set(partOf(pack, 'sig'), malleated(pack.signature));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'signature', code: 'pack_signature_invalid' });
  });

  it('of the log’s signature are refused', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    const note = Buffer.from(registry.files.get(CHECKPOINT) ?? []).toString();
    const [, text = ''] = /([A-Za-z0-9+/=]+)\n$/.exec(note) ?? [];
    const bytes = decodeBase64(text) ?? new Uint8Array();
    const twin = encodeBase64(Buffer.concat([bytes.slice(0, 4), malleated(bytes.slice(4))]));
    registry.files.set(CHECKPOINT, Buffer.from(note.replace(text, twin)));
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_signature' });
  });

  it('of a signature are refused without a log too: strictness needs none', async () => {
    const pack = await makePack(publisher);
    const registry = await withoutLog(pack);
    registry.files.set(partOf(pack, 'sig'), malleated(pack.signature));
    expect((await (await newHost()).refusal(registry, TOOLS)).code).toBe('pack_signature_invalid');
  });
});

describe('a head of the log', () => {
  it.each([
    ['that nobody signed', (note: string) => `${note.slice(0, note.indexOf('\n\n'))}\n`, 'reply_malformed'],
    [
      'that was changed after it was signed',
      (note: string) => note.replace('\n4\n', '\n9\n'),
      'checkpoint_signature',
    ],
    [
      'of another origin',
      (note: string) => note.replaceAll('log.example', 'log.evil'),
      'checkpoint_signature',
    ],
    ['that is no text', () => '\u0000', 'reply_malformed'],
  ])('%s is refused', async (_name, bend, code) => {
    const registry = await loggedRegistry(await makePack(publisher));
    const note = Buffer.from(registry.files.get(CHECKPOINT) ?? []).toString();
    registry.files.set(CHECKPOINT, Buffer.from(bend(note)));
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code });
  });

  it('that a publisher signed is refused', async () => {
    const registry = await loggedRegistry(await makePack(publisher));
    registry.files.set(CHECKPOINT, Buffer.from(await testLog(registry.log.leaves, 'publisher').head()));
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_signature' });
  });
});
