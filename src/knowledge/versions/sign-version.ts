// Signs the manifest of a version for its authority, and tells whether a signature that came with one is to be believed.
import { equalBytes } from '../../../keys/bytes.ts';
import { permits } from '../../../keys/delegation.ts';
import {
  type Envelope,
  envelopeText,
  openEnvelope,
  parseEnvelope,
  signEnvelopeUnchecked,
} from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import type { SignerFor } from '../../access/authority-keys.ts';
import type { DelegatedKey } from '../../access/delegations.ts';
import { fault } from '../../protocol/faults.ts';
import { authorityOf, type BaseId } from '../../protocol/knowledge/ids.ts';
import { VERSION_PAYLOAD_TYPE, versionEnvelope } from '../../protocol/knowledge/version.ts';

/** The text of the envelope over the manifest's bytes. */
export type SignVersion = (base: BaseId, manifest: Uint8Array) => Promise<string>;

export const signVersion =
  (signerFor: SignerFor): SignVersion =>
  async (base, manifest) =>
    // Keys of authorities are seeds of this process.
    envelopeText(await signEnvelopeUnchecked(versionEnvelope(manifest), await signerFor(authorityOf(base))));

export interface BelieveDeps {
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly now: () => Date;
}

const unbelievable = (base: BaseId, reason: string, evidence: object = {}): Error => {
  const cure = `The operator may list the key that signed: attestry keys add --namespaces kb:${authorityOf(base)}:*`;
  return fault(
    'signature_invalid',
    { reason, ...evidence },
    `No key that speaks for ${base} signed this. ${cure}`,
  );
};

const opened = <T>(base: BaseId, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw unbelievable(base, error.code, error.details);
  }
};

const requireSigner = async (the: BelieveDeps, base: BaseId, envelope: Envelope): Promise<void> => {
  const hinted = envelope.signatures.map(({ keyid }) => keyid ?? '');
  for (const keyId of hinted) {
    const key = await the.delegatedKey(keyId);
    if (key === undefined || key.standing(the.now()) !== 'active' || !permits(key.delegation, base)) continue;
    const wanted = { payloadType: VERSION_PAYLOAD_TYPE, keys: [key.delegation], threshold: 1 };
    opened(base, () => openEnvelope(envelope, wanted));
    return;
  }
  throw unbelievable(base, 'key_unknown', { keyIds: hinted });
};

/** @throws Fault signature_invalid unless a key in force, delegated for the base, signed these very bytes */
export const requireVersionSignature =
  (the: BelieveDeps) =>
  async (base: BaseId, manifest: Uint8Array, text: string): Promise<void> => {
    const envelope = opened(base, () => parseEnvelope(text));
    if (!equalBytes(envelope.payload, manifest)) throw unbelievable(base, 'other_payload');
    await requireSigner(the, base, envelope);
  };
