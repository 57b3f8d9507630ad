// Whether a key signed a version that the registrar lets speak for its base, and stood in force when it did.
import { equalBytes } from '../../../keys/bytes.ts';
import { type Broken, believeSignature } from '../../../keys/chain.ts';
import { type Envelope, pae, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { VERSION_PAYLOAD_TYPE } from '../../protocol/knowledge/version.ts';
import { refusalOfBroken } from '../broken-link.ts';
import { type Refusal, refusal } from '../refusal.ts';
import type { Trust } from '../trust.ts';
import type { RecordedEvent } from './recorded.ts';

export interface SignedVersion {
  readonly base: BaseId;
  /** The manifest, which must be what was signed. */
  readonly block: Uint8Array;
  /** The envelope as served. */
  readonly envelope: string;
  /** What the log records is asked about as of then; what it does not, as of now. */
  readonly recorded: RecordedEvent | undefined;
}

const open = ({ base, envelope }: SignedVersion): Envelope => {
  try {
    return parseEnvelope(envelope);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw refusal('signature', 'reply_malformed', { base, reason: error.code, ...error.details });
  }
};

const requirePayload = ({ base, block }: SignedVersion, { payloadType, payload }: Envelope): void => {
  if (payloadType !== VERSION_PAYLOAD_TYPE)
    throw refusal('signature', 'version_signature_invalid', {
      base,
      expected: VERSION_PAYLOAD_TYPE,
      found: payloadType,
    });
  if (!equalBytes(payload, block))
    throw refusal('signature', 'version_signature_invalid', { base, reason: 'it covers another manifest' });
};

const refusalOf = (broken: Broken): Refusal =>
  broken.brokenLink === 'signature'
    ? refusal('signature', 'version_signature_invalid', broken.evidence)
    : refusalOfBroken(broken);

/** One signature that holds is enough. Gives the key's id. @throws Refusal of `signature` or `delegation` */
export const requireVersionSigned = (trust: Trust, of: SignedVersion, now: Date): string => {
  const envelope = open(of);
  requirePayload(of, envelope);
  const { base, recorded } = of;
  const message = pae(envelope.payloadType, envelope.payload);
  const asked = { keyring: trust.keyring, packName: base, message };
  const when = { at: recorded?.at ?? now, position: recorded?.index };
  let broken: Broken | undefined;
  for (const { keyid = '', sig } of envelope.signatures) {
    const verdict = believeSignature({ ...asked, ...when, keyId: keyid, signature: sig });
    if (verdict.believed) return keyid;
    broken ??= verdict;
  }
  throw broken === undefined
    ? refusal('signature', 'version_signature_invalid', { base })
    : refusalOf(broken);
};
