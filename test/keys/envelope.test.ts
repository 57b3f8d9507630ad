// Envelopes: what a signature covers, what is read, and which signatures count.
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../keys/bytes.ts';
import { sign } from '../../keys/ed25519.ts';
import {
  type Envelope,
  envelopeText,
  MAX_ENVELOPE_CHARS,
  MAX_SIGNATURES,
  openEnvelope,
  pae,
  parseEnvelope,
  signEnvelope,
} from '../../keys/envelope.ts';
import type { Signer } from '../../keys/signer.ts';
import { onWire, refusalOf, role, seedOf, signer, vectors } from './trust-world.ts';

interface Dsse {
  readonly payloadType: string;
  readonly payload: string;
  readonly pae: string;
  readonly envelope: string;
  readonly signedWithSeedOf: string;
  readonly signed: string;
}
const dsse = vectors<Dsse>('dsse');
const TYPE = 'application/vnd.example+json';
const signedBy = (...names: readonly string[]): Promise<Envelope> =>
  signEnvelope({ payloadType: TYPE, payload: utf8('{}') }, names.map(signer));
const open = (envelope: Envelope, threshold: number, ...names: readonly string[]) =>
  openEnvelope(envelope, { payloadType: TYPE, threshold, keys: role(1, ...names).keys });

describe('the vectors of DSSE', () => {
  it('the bytes signed are those of the specification', () => {
    expect(fromUtf8(pae(dsse.payloadType, utf8(dsse.payload)))).toBe(dsse.pae);
  });
  it('the envelope of the specification is read', () => {
    const { payload, payloadType, signatures } = parseEnvelope(dsse.envelope);
    expect([fromUtf8(payload), payloadType, signatures.length]).toEqual([dsse.payload, dsse.payloadType, 1]);
  });
  it('our signer makes the written envelope', async () => {
    const payload = { payloadType: dsse.payloadType, payload: utf8(dsse.payload) };
    expect(envelopeText(await signEnvelope(payload, [signer(dsse.signedWithSeedOf)]))).toBe(dsse.signed);
  });
  it('lengths are counted in bytes, not in characters', () => {
    expect(fromUtf8(pae('ä', utf8('€')))).toBe('DSSEv1 2 ä 3 €');
  });
});

describe('reading an envelope', () => {
  it('takes text, bytes and JSON, both base64 alphabets, and members unknown here', async () => {
    const envelope = await signEnvelope({ payloadType: TYPE, payload: Uint8Array.of(251, 255, 254) }, [
      signer('a'),
    ]);
    const wire = onWire(envelope);
    const urlSafe = { ...wire, payload: '-__-', extra: { any: 1 } };
    const forms = [envelopeText(envelope), utf8(JSON.stringify(wire)), wire, urlSafe];
    for (const form of forms) expect(open(parseEnvelope(form), 1, 'a').signedBy).toHaveLength(1);
  });

  it.each([
    ['no JSON', 'nonsense'],
    ['a list', '[]'],
    ['null', null],
    ['nothing', undefined],
    ['no payload', { payloadType: TYPE, signatures: [{ sig: '' }] }],
    ['a payload that is no base64', { payloadType: TYPE, payload: '*', signatures: [{ sig: '' }] }],
    ['two alphabets at once', { payloadType: TYPE, payload: '-A+A', signatures: [{ sig: '' }] }],
    ['no type', { payload: '', signatures: [{ sig: '' }] }],
    ['a type with a lone surrogate', { payloadType: '\ud800', payload: '', signatures: [{ sig: '' }] }],
    ['no signatures', { payloadType: TYPE, payload: '' }],
    ['an empty list of signatures', { payloadType: TYPE, payload: '', signatures: [] }],
    ['a signature without sig', { payloadType: TYPE, payload: '', signatures: [{}] }],
    ['bytes that are no UTF-8', Uint8Array.of(0xff)],
  ])('refuses %s', (_, input) => {
    expect(refusalOf(() => parseEnvelope(input)).code).toBe('envelope_form');
  });

  it('refuses endless data before it is parsed', () => {
    const many = Array.from({ length: MAX_SIGNATURES + 1 }, () => ({ sig: '' }));
    const long = ' '.repeat(MAX_ENVELOPE_CHARS + 1);
    for (const input of [{ payloadType: TYPE, payload: '', signatures: many }, long])
      expect(refusalOf(() => parseEnvelope(input)).code).toBe('envelope_too_large');
  });
});

describe('which signatures count', () => {
  it('hands over the very bytes that were verified', async () => {
    const envelope = await signedBy('a');
    expect(open(envelope, 1, 'a').payload).toBe(envelope.payload);
  });

  it('a good signature among bad ones counts', async () => {
    const good = await signedBy('a');
    const bad = { keyid: 'a', sig: new Uint8Array(64).fill(1) };
    const mixed = { ...good, signatures: [bad, ...good.signatures, { sig: new Uint8Array(3) }] };
    expect(open(mixed, 1, 'a').signedBy.map(({ keyId }) => keyId)).toEqual(['a']);
  });

  it('a key id is only a hint: a wrong or missing one changes nothing', async () => {
    const { signatures, ...rest } = await signedBy('a');
    const sig = signatures[0]?.sig ?? new Uint8Array();
    for (const signature of [{ sig }, { keyid: 'b', sig }, { keyid: 'nobody', sig }])
      expect(open({ ...rest, signatures: [signature] }, 1, 'a', 'b').signedBy[0]?.keyId).toBe('a');
  });

  it('a key id of a trusted key under the signature of a stranger convinces nobody', async () => {
    const { signatures, ...rest } = await signedBy('stranger');
    const forged = { ...rest, signatures: signatures.map(({ sig }) => ({ keyid: 'a', sig })) };
    expect(refusalOf(() => open(forged, 1, 'a')).code).toBe('threshold_not_met');
  });

  it('a threshold that is no whole number of at least 1 opens nothing', async () => {
    const envelope = await signedBy('a');
    for (const threshold of [0, -1, 0.5, Number.NaN])
      expect(refusalOf(() => open(envelope, threshold, 'a')).code).toBe('threshold');
  });

  it('a signer that returns something else than its signature is caught before anything is sent', async () => {
    const honest = signer('a');
    const broken: Signer = { ...honest, sign: async (message) => sign(message, seedOf('b')) };
    const signing = signEnvelope({ payloadType: TYPE, payload: utf8('{}') }, [broken]);
    await expect(signing).rejects.toMatchObject({ code: 'signer_broken', details: { keyId: 'a' } });
  });

  it('the refusal says how many were needed and who did sign', async () => {
    const envelope = await signedBy('a');
    expect(refusalOf(() => open(envelope, 2, 'a', 'b')).details).toEqual({
      expected: 2,
      found: 1,
      signedBy: ['a'],
    });
  });

  it('an envelope read from its text is written as the same text', async () => {
    const text = envelopeText(await signedBy('a', 'b'));
    expect(envelopeText(parseEnvelope(text))).toBe(text);
  });
});
