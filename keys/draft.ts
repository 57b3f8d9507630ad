// Envelopes that still wait for their first signature, as they go from holder to holder. Pure.
import { fromUtf8 } from './bytes.ts';
import { type Envelope, MAX_ENVELOPE_CHARS, parseEnvelope } from './envelope.ts';
import { KeyError } from './errors.ts';

const jsonOf = (bytes: Uint8Array): unknown => {
  if (bytes.length > MAX_ENVELOPE_CHARS)
    throw new KeyError('envelope_too_large', { limit: MAX_ENVELOPE_CHARS, found: bytes.length });
  try {
    return JSON.parse(fromUtf8(bytes) ?? '');
  } catch {
    throw new KeyError('envelope_form', { where: '' });
  }
};

const isUnsigned = (json: unknown): json is object =>
  typeof json === 'object' &&
  json !== null &&
  'signatures' in json &&
  Array.isArray(json.signatures) &&
  json.signatures.length === 0;

/**
 * Reads an envelope like `parseEnvelope`, or one whose list of signatures is empty. Never take one from a server: what
 * nobody signed is only for those who are about to.
 * @throws KeyError `envelope_form` or `envelope_too_large`
 */
export const parseDraft = (bytes: Uint8Array): Envelope => {
  const json = jsonOf(bytes);
  if (!isUnsigned(json)) return parseEnvelope(json);
  return { ...parseEnvelope({ ...json, signatures: [{ sig: '' }] }), signatures: [] };
};
