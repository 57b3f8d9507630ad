// Signed envelopes (DSSE 1.0.2): payload, its type, and signatures over both. Pure.
import { concatBytes, decodeEitherBase64, encodeBase64, encodeHex, fromUtf8, utf8 } from './bytes.ts';
import { canonicalText } from './canonical.ts';
import { verify } from './ed25519.ts';
import { KeyError } from './errors.ts';
import type { NamedKey } from './key.ts';
import type { Signer } from './signer.ts';

/** More text than this is not even parsed: the largest keyring fits several times. */
export const MAX_ENVELOPE_CHARS = 16 * 1024 * 1024;
/** Each signature may have to be tried with each key, so their number bounds the work an attacker can cause. */
export const MAX_SIGNATURES = 32;
const MAX_TYPE_CHARS = 256;
const MAX_KEY_ID_CHARS = 256;

export interface EnvelopeSignature {
  /** A hint which key to try first; it decides nothing. */
  readonly keyid?: string;
  readonly sig: Uint8Array;
}

/** An envelope with its base64 undone, so that the bytes verified are the bytes handed over. */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly EnvelopeSignature[];
}

/** The bytes a signature covers: `DSSEv1 <len(type)> <type> <len(body)> <body>`, lengths in bytes, decimal. */
export const pae = (type: string, body: Uint8Array): Uint8Array =>
  concatBytes(utf8(`DSSEv1 ${utf8(type).length} ${type} ${body.length} `), body);

const signedBy = async (signer: Signer, message: Uint8Array): Promise<EnvelopeSignature> => ({
  keyid: signer.keyId,
  sig: await signer.sign(message),
});

const checkedBy = async (signer: Signer, message: Uint8Array): Promise<EnvelopeSignature> => {
  const signed = await signedBy(signer, message);
  if (!verify({ publicKey: signer.publicKey, message, signature: signed.sig }))
    throw new KeyError('signer_broken', { keyId: signer.keyId });
  return signed;
};

/**
 * Signs a payload with every signer handed in.
 * @throws KeyError `signer_broken`; whatever a signer rejects with
 */
export const signEnvelope = async (
  { payloadType, payload }: Pick<Envelope, 'payloadType' | 'payload'>,
  signers: readonly Signer[],
): Promise<Envelope> => {
  const message = pae(payloadType, payload);
  const signatures = await Promise.all(signers.map((signer) => checkedBy(signer, message)));
  return { payloadType, payload, signatures };
};

/**
 * Signs a payload with a signer whose public key follows from the seed that it signs with, in this process: to check each
 * of many signatures would cost twice what making it does, so nothing is checked.
 * @throws whatever the signer rejects with
 */
export const signEnvelopeUnchecked = async (
  { payloadType, payload }: Pick<Envelope, 'payloadType' | 'payload'>,
  signer: Signer,
): Promise<Envelope> => ({
  payloadType,
  payload,
  signatures: [await signedBy(signer, pae(payloadType, payload))],
});

/** The envelope as served: canonical JSON, standard base64. */
export const envelopeText = ({ payloadType, payload, signatures }: Envelope): string =>
  canonicalText({
    payload: encodeBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({
      ...(keyid === undefined ? {} : { keyid }),
      sig: encodeBase64(sig),
    })),
  });

const malformed = (where: string): never => {
  throw new KeyError('envelope_form', { where });
};

const isPayloadType = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_TYPE_CHARS && !/\p{Surrogate}/u.test(value);

const refuseOverLimit = (found: number, limit: number): void => {
  if (found > limit) throw new KeyError('envelope_too_large', { limit, found });
};

const jsonOf = (text: string): unknown => {
  refuseOverLimit(text.length, MAX_ENVELOPE_CHARS);
  try {
    return JSON.parse(text);
  } catch {
    return malformed('');
  }
};

const membersOf = (value: unknown, where: string): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : malformed(where);

const bytesOf = (value: unknown, where: string): Uint8Array => {
  if (typeof value !== 'string') return malformed(where);
  refuseOverLimit(value.length, MAX_ENVELOPE_CHARS);
  return decodeEitherBase64(value) ?? malformed(where);
};

/** A hint that no text of ours could carry on is refused rather than left out: what is kept is what was sent. */
const keyIdOf = (value: unknown, where: string): string | undefined => {
  if (typeof value !== 'string' || value === '') return undefined;
  return value.length <= MAX_KEY_ID_CHARS && !/\p{Surrogate}/u.test(value) ? value : malformed(where);
};

const signatureOf = (value: unknown, index: number): EnvelopeSignature => {
  const where = `/signatures/${index}`;
  const { keyid, sig } = membersOf(value, where);
  const hint = keyIdOf(keyid, `${where}/keyid`);
  const signature = { sig: bytesOf(sig, `${where}/sig`) };
  return hint === undefined ? signature : { keyid: hint, ...signature };
};

/**
 * Reads an envelope from its text, its UTF-8 bytes or its parsed JSON. Members unknown here are ignored, as DSSE asks.
 * @throws KeyError `envelope_form` or `envelope_too_large`
 */
export const parseEnvelope = (input: unknown): Envelope => {
  if (input instanceof Uint8Array) refuseOverLimit(input.length, MAX_ENVELOPE_CHARS);
  const text = input instanceof Uint8Array ? (fromUtf8(input) ?? malformed('')) : input;
  const json = typeof text === 'string' ? jsonOf(text) : text;
  const { payload, payloadType, signatures } = membersOf(json, '');
  if (!isPayloadType(payloadType)) return malformed('/payloadType');
  if (!Array.isArray(signatures) || signatures.length === 0) return malformed('/signatures');
  refuseOverLimit(signatures.length, MAX_SIGNATURES);
  return { payloadType, payload: bytesOf(payload, '/payload'), signatures: signatures.map(signatureOf) };
};

/** The keys that signed, each public key once, whatever ids it goes by and however often it signed. */
export const signersOf = (envelope: Envelope, keys: readonly NamedKey[]): readonly NamedKey[] => {
  const message = pae(envelope.payloadType, envelope.payload);
  const counted = new Map<string, NamedKey>();
  for (const { keyid, sig } of envelope.signatures) {
    const hinted = keys.filter((key) => key.keyId === keyid);
    const others = keys.filter((key) => key.keyId !== keyid);
    const signer = [...hinted, ...others].find(({ publicKey }) =>
      verify({ publicKey, message, signature: sig }),
    );
    if (signer) counted.set(encodeHex(signer.publicKey), signer);
  }
  return [...counted.values()];
};

export interface Opened {
  /** The very bytes the signatures cover. */
  readonly payload: Uint8Array;
  readonly signedBy: readonly NamedKey[];
}

/**
 * Hands over the payload if at least `threshold` different keys out of `keys` signed it under this type.
 * @throws KeyError `payload_type`, `threshold` or `threshold_not_met`
 */
export const openEnvelope = (
  envelope: Envelope,
  wanted: {
    readonly payloadType: string;
    readonly keys: readonly NamedKey[];
    readonly threshold: number;
  },
): Opened => {
  const { payloadType, keys, threshold } = wanted;
  if (!Number.isSafeInteger(threshold) || threshold < 1)
    throw new KeyError('threshold', { found: threshold });
  if (envelope.payloadType !== payloadType)
    throw new KeyError('payload_type', { expected: payloadType, found: envelope.payloadType });
  const signedBy = signersOf(envelope, keys);
  if (signedBy.length < threshold)
    throw new KeyError('threshold_not_met', {
      expected: threshold,
      found: signedBy.length,
      signedBy: signedBy.map((key) => key.keyId),
    });
  return { payload: envelope.payload, signedBy };
};
