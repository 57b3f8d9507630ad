// Whether a release statement puts every byte of a version under the key that signed its manifest.
import { fromUtf8 } from '../../keys/bytes.ts';
import { KeyError } from '../../keys/errors.ts';
import { type PublicKey, parseKeyId } from '../../keys/key.ts';
import type { Digest } from '../../storage/digest.ts';
import { describeRelease, requireAgreement } from '../protocol/release.ts';
import { parseStatementEnvelope, verifyReleaseStatement } from '../protocol/statement-envelope.ts';
import { StatementError, type StatementErrorCode } from '../protocol/statement-errors.ts';
import type { Archive } from './archive.ts';
import type { SignatureClaim } from './claim.ts';
import { addressOf } from './discovery.ts';
import { type RefusalCode, refusal } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';
import type { Wanted } from './resolve.ts';

/** What the statement has to be about; the key of `claim`, its signature and its standing were believed before. */
export interface StatedRelease {
  readonly wanted: Wanted;
  readonly claim: SignatureClaim | undefined;
  /** That made the signature, or would have; undefined where nothing says whose it is. */
  readonly publicKey: PublicKey | undefined;
  readonly archive: Archive;
  /** Of the tarball. */
  readonly digest: Digest;
  /** Takes no version without a statement. */
  readonly required: boolean;
}

const MAX_STATEMENT_BYTES = 64 * 1024;

const CODES: Readonly<Partial<Record<StatementErrorCode, RefusalCode>>> = {
  payload_type: 'statement_signature',
  signature: 'statement_signature',
  disagrees: 'statement_mismatch',
};

/** As it is served; undefined where none is offered. */
export const fetchStatement = async (
  registry: OpenRegistry,
  { name, version }: Wanted,
): Promise<Uint8Array | undefined> => {
  const template = registry.discovery.trust?.releaseStatement;
  if (template === undefined) return undefined;
  return registry.reader.bytes('statement', addressOf(template, { name, version }), MAX_STATEMENT_BYTES);
};

/** The key must be the very one of the manifest, delegated here or mirrored: others may speak for the name as well. */
const believe = (
  publicKey: PublicKey,
  { keyId }: SignatureClaim,
  { archive, digest }: StatedRelease,
  bytes: Uint8Array,
): void => {
  const key = { keyId: parseKeyId(keyId), publicKey };
  const stated = verifyReleaseStatement(parseStatementEnvelope(fromUtf8(bytes) ?? ''), key);
  requireAgreement(stated, describeRelease(digest, archive.manifestBytes));
};

const asRefusal = (error: unknown): unknown => {
  if (error instanceof KeyError)
    return refusal(
      'signature',
      'key_unusable',
      { reason: error.code, ...error.details },
      error.message,
      error,
    );
  if (!(error instanceof StatementError)) return error;
  const evidence = { reason: error.code, ...error.details };
  return refusal('statement', CODES[error.code] ?? 'statement_invalid', evidence, error.message, error);
};

/**
 * True where a statement holds, false where none is offered or nobody's key could have made it.
 * @throws Refusal of `statement`; `statement_missing` only where one is required
 */
export const requireStatement = async (registry: OpenRegistry, of: StatedRelease): Promise<boolean> => {
  const { wanted, claim, publicKey, required } = of;
  const isOffered = registry.trust !== undefined && claim !== undefined;
  const bytes = isOffered ? await fetchStatement(registry, wanted) : undefined;
  if (claim === undefined || bytes === undefined) {
    if (!required) return false;
    throw refusal('statement', 'statement_missing', { name: wanted.name, version: wanted.version });
  }
  if (publicKey === undefined) throw refusal('delegation', 'key_unknown', { keyId: claim.keyId });
  try {
    believe(publicKey, claim, of, bytes);
    return true;
  } catch (error) {
    throw asRefusal(error);
  }
};
