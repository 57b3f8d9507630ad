// The signed envelope of a release statement: on its way beside an upload, and as the word of one key. Pure.
import { decodeBase64, encodeBase64, fromUtf8, utf8 } from '../../keys/bytes.ts';
import { type Envelope, envelopeText, parseEnvelope, signersOf } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import type { NamedKey } from '../../keys/key.ts';
import { parseReleaseStatement, RELEASE_PAYLOAD_TYPE, type ReleaseStatement } from './statement.ts';
import { StatementError } from './statement-errors.ts';

/** Carries the statement beside an upload: the envelope's JSON text in padded base64. */
export const STATEMENT_HEADER = 'Attestry-Release-Statement';
export const MAX_STATEMENT_CHARS = 16 * 1024;

/**
 * A statement that this very key signed.
 * @throws StatementError `payload_type`, `signature` or like `parseReleaseStatement`
 */
export const verifyReleaseStatement = (envelope: Envelope, key: NamedKey): ReleaseStatement => {
  if (envelope.payloadType !== RELEASE_PAYLOAD_TYPE)
    throw new StatementError('payload_type', { expected: RELEASE_PAYLOAD_TYPE, found: envelope.payloadType });
  if (signersOf(envelope, [key]).length === 0) throw new StatementError('signature', { keyId: key.keyId });
  return parseReleaseStatement(envelope.payload);
};

/** @throws StatementError `envelope` */
export const parseStatementEnvelope = (text: string): Envelope => {
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof KeyError)
      throw new StatementError('envelope', { code: error.code, ...error.details });
    throw error;
  }
};

/** @throws StatementError `too_large` */
export const writeStatementHeader = (envelope: Envelope): string =>
  requireSize(encodeBase64(utf8(envelopeText(envelope))));

/** @throws StatementError `too_large`, `encoding` or `envelope` */
export const readStatementHeader = (header: string): Envelope => {
  const bytes = decodeBase64(requireSize(header));
  const text = bytes && fromUtf8(bytes);
  if (text === undefined) throw new StatementError('encoding');
  return parseStatementEnvelope(text);
};

const requireSize = (header: string): string => {
  if (header.length <= MAX_STATEMENT_CHARS) return header;
  throw new StatementError('too_large', { limit: MAX_STATEMENT_CHARS, found: header.length });
};
