// Whether a signed decision is the word of whoever decides, about the very revision that he decides about.
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type PublicKey, parseKeyId } from '../../../keys/key.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { DECISION_PAYLOAD_TYPE, type Decision, parseDecision } from '../../protocol/knowledge/decision.ts';
import type { PrincipalId } from '../../protocol/knowledge/ids.ts';

export interface BelieveDecisionDeps {
  /** The key of a principal in force; undefined where it has none. */
  readonly keyOf: (id: PrincipalId) => Promise<PublicKey | undefined>;
}

/** What a signature calls its key is only a hint: the principal has one. */
const DECIDER = parseKeyId('decider');
const MAX_ENVELOPE = 16 * 1024;

const unbelievable = (reason: string, evidence: object = {}): Fault =>
  fault(
    'signature_invalid',
    { reason, ...evidence },
    'The signature does not make this decision believable.',
  );

const believed = <T>(read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (error instanceof KeyError || error instanceof ContentError)
      throw unbelievable(error.code, error.details);
    throw error;
  }
};

const keyFor = async (the: BelieveDecisionDeps, by: Acting): Promise<PublicKey> => {
  const key = await the.keyOf(by.id);
  if (key !== undefined) return key;
  const cure = 'Tell the registry of it: attestry workforce key …';
  throw fault(
    'signature_invalid',
    { reason: 'key_unknown', principal: by.id },
    `${by.id} has no key here. ${cure}`,
  );
};

/** The envelope's text as it is kept; null where none came. @throws Fault signature_invalid unless the decider's key signed it */
export const requireSignedDecision =
  (the: BelieveDecisionDeps) =>
  async (by: Acting, wanted: Omit<Decision, 'revision'>, text: string | null): Promise<string | null> => {
    if (text === null) return null;
    if (text.length > MAX_ENVELOPE) throw unbelievable('envelope_too_large', { limit: MAX_ENVELOPE });
    const envelope = believed(() => parseEnvelope(text));
    const publicKey = await keyFor(the, by);
    const keys = [{ keyId: DECIDER, publicKey }];
    const asked = { payloadType: DECISION_PAYLOAD_TYPE, keys, threshold: 1 };
    const { payload } = believed(() => openEnvelope(envelope, asked));
    const found = believed(() => parseDecision(payload));
    const differs = Object.entries(wanted).filter(([name, value]) => found[name as keyof Decision] !== value);
    if (differs.length === 0) return text;
    throw unbelievable('other_decision', { differs: differs.map(([name]) => name) });
  };
