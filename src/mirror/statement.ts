// Whether what an upstream serves as a release statement is the word of the key that signed the version. Pure.
import { fromUtf8 } from '../../keys/bytes.ts';
import { envelopeText } from '../../keys/envelope.ts';
import { type PublicKey, parseKeyId } from '../../keys/key.ts';
import type { Digest } from '../../storage/digest.ts';
import { describeRelease, requireAgreement } from '../protocol/release.ts';
import { parseStatementEnvelope, verifyReleaseStatement } from '../protocol/statement-envelope.ts';
import { StatementError } from '../protocol/statement-errors.ts';
import { NotMirrored } from './trouble.ts';

/** A version that is believed. */
export interface Stated {
  readonly digest: Digest;
  /** The exact bytes of pack.json. */
  readonly manifestBytes: Uint8Array;
  /** That signed it. */
  readonly key: { readonly keyId: string; readonly publicKey: PublicKey };
}

/** Asked as of an upload. What is kept is the envelope in our own spelling. @throws NotMirrored `statement_invalid` */
export const believeStatement = (bytes: Uint8Array, of: Stated): string => {
  try {
    const envelope = parseStatementEnvelope(fromUtf8(bytes) ?? '');
    const key = { keyId: parseKeyId(of.key.keyId), publicKey: of.key.publicKey };
    requireAgreement(verifyReleaseStatement(envelope, key), describeRelease(of.digest, of.manifestBytes));
    return envelopeText(envelope);
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    throw new NotMirrored('statement_invalid', error.message, { problem: error.code, ...error.details });
  }
};
