// Whether a signed decision is the word of whoever decides, about the very revision that he decides about.
import { permits } from '../../keys/delegation.ts';
import { type Envelope, openEnvelope, parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import type { DelegatedKey } from '../access/delegations.ts';
import type { Acting } from '../access/workforces/acting.ts';
import { ContentError } from '../protocol/content-errors.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import { DECISION_PAYLOAD_TYPE, type Decision, parseDecision } from '../protocol/knowledge/decision.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';

export interface BelieveDecisionDeps {
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly now: () => Date;
}

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

const keyFor = async (
  the: BelieveDecisionDeps,
  by: Acting,
  base: BaseId,
  { signatures }: Envelope,
): Promise<DelegatedKey> => {
  for (const { keyid } of signatures) {
    const key = keyid === undefined ? undefined : await the.delegatedKey(keyid);
    const speaks = key?.standing(the.now()) === 'active' && permits(key.delegation, base);
    if (speaks && key.account === by.account) return key;
  }
  throw unbelievable('key_unknown', {
    keyIds: signatures.map(({ keyid }) => keyid ?? null),
    account: by.account,
  });
};

/**
 * The envelope's text as it is kept; null where none came. The key must be one that the decider's own account listed, in
 * force, for the base.
 * @throws Fault signature_invalid
 */
export const requireSignedDecision =
  (the: BelieveDecisionDeps) =>
  async (by: Acting, wanted: Omit<Decision, 'revision'>, text: string | null): Promise<string | null> => {
    if (text === null) return null;
    if (text.length > MAX_ENVELOPE) throw unbelievable('envelope_too_large', { limit: MAX_ENVELOPE });
    const envelope = believed(() => parseEnvelope(text));
    const key = await keyFor(the, by, wanted.knowledge_base_id, envelope);
    const asked = { payloadType: DECISION_PAYLOAD_TYPE, keys: [key.delegation], threshold: 1 };
    const { payload } = believed(() => openEnvelope(envelope, asked));
    const found = believed(() => parseDecision(payload));
    const differs = Object.entries(wanted).filter(([name, value]) => found[name as keyof Decision] !== value);
    if (differs.length === 0) return text;
    throw unbelievable('other_decision', { differs: differs.map(([name]) => name) });
  };
