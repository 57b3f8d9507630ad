// Release statements as publishers send them, and as they must not.
import { type Envelope, envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { seedSigner } from '../../keys/signers/seed.ts';
import { describeRelease } from '../../src/protocol/release.ts';
import {
  RELEASE_PAYLOAD_TYPE,
  type ReleaseStatement,
  releaseStatementPayload,
} from '../../src/protocol/statement.ts';
import { STATEMENT_HEADER } from '../../src/protocol/statement-envelope.ts';
import { digestOf } from '../../storage/digest.ts';
import { inspect } from './archives.ts';
import type { Publisher } from './publisher.ts';

/** What the publisher states about a tarball; `change` makes it say something else. */
export const stated = async (
  publisher: Publisher,
  tarball: Uint8Array,
  change: Partial<ReleaseStatement> = {},
  payloadType = RELEASE_PAYLOAD_TYPE,
): Promise<Envelope> => {
  const { manifestBytes = new Uint8Array() } = await inspect(tarball);
  const release = { ...describeRelease(digestOf(tarball), manifestBytes), ...change };
  const signer = seedSigner(parseKeyId(publisher.keyId), publisher.seed);
  return signEnvelope({ payloadType, payload: releaseStatementPayload(release) }, [signer]);
};

/** The request header that carries a statement, or any other text in its place. */
export const statementHeaders = (statement: Envelope | string): Record<string, string> => {
  const text =
    typeof statement === 'string' ? statement : Buffer.from(envelopeText(statement)).toString('base64');
  return { [STATEMENT_HEADER]: text };
};
