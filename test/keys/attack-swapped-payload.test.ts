// Attack: a good signature is put under something else than it was made for.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../keys/bytes.ts';
import { walkChain } from '../../keys/chain.ts';
import { DELEGATION_PAYLOAD_TYPE } from '../../keys/delegation.ts';
import { type Envelope, openEnvelope, parseEnvelope } from '../../keys/envelope.ts';
import { KEYRING_PAYLOAD_TYPE, keyringPayload, verifyKeyring } from '../../keys/keyring.ts';
import { ROOT_PAYLOAD_TYPE, verifyRootUpdate } from '../../keys/root.ts';
import {
  chainQuestion,
  delegationOf,
  keyringOf,
  onWire,
  refusalOf,
  role,
  rootOf,
  signedKeyring,
  signedRoot,
} from './trust-world.ts';

describe('swapped payload type', () => {
  it('a keyring does not open as a root', async () => {
    const envelope = await signedKeyring(keyringOf(), 'root-a', 'root-b');
    expect(refusalOf(() => verifyRootUpdate(rootOf(), envelope)).details).toEqual({
      expected: ROOT_PAYLOAD_TYPE,
      found: KEYRING_PAYLOAD_TYPE,
    });
  });

  it('writing another type on the envelope breaks its signatures', async () => {
    const envelope = {
      ...(await signedKeyring(keyringOf(), 'root-a', 'root-b')),
      payloadType: ROOT_PAYLOAD_TYPE,
    };
    expect(refusalOf(() => verifyRootUpdate(rootOf(), envelope)).code).toBe('root_old_threshold');
  });

  it('the type counts to the letter', async () => {
    const envelope = await signedKeyring(keyringOf(), 'registrar');
    const wanted = { payloadType: KEYRING_PAYLOAD_TYPE.toUpperCase(), ...role(1, 'registrar') };
    expect(refusalOf(() => openEnvelope(envelope, wanted)).code).toBe('payload_type');
    expect(DELEGATION_PAYLOAD_TYPE).not.toBe(KEYRING_PAYLOAD_TYPE);
  });

  it('moving bytes between type and payload does not give the same signed bytes', async () => {
    const { payloadType, payload, signatures } = await signedKeyring(keyringOf(), 'registrar');
    const moved: Envelope = {
      payloadType: `${payloadType} ${payload.length} {`,
      payload: payload.subarray(1),
      signatures,
    };
    const wanted = { payloadType: moved.payloadType, ...role(1, 'registrar') };
    expect(refusalOf(() => openEnvelope(moved, wanted)).code).toBe('threshold_not_met');
  });
});

describe('payload swapped under a good signature', () => {
  it('a keyring with one more delegation is refused', async () => {
    const { payloadType, signatures } = await signedKeyring(keyringOf(), 'registrar');
    const payload = keyringPayload(
      keyringOf({ delegations: ['publisher', 'thief'].map((n) => delegationOf(n)) }),
    );
    const swapped = { payloadType, payload, signatures };
    expect(refusalOf(() => verifyKeyring(rootOf(), swapped)).code).toBe('threshold_not_met');
  });

  it('a root with a lower threshold is refused', async () => {
    const { payloadType, signatures } = await signedRoot(rootOf({ version: 2 }), 'root-a', 'root-b');
    const { payload } = await signedRoot(rootOf({ version: 2, ...role(1, 'root-a') }), 'root-a');
    const swapped = { payloadType, payload, signatures };
    expect(refusalOf(() => verifyRootUpdate(rootOf(), swapped)).code).toBe('root_old_threshold');
  });

  it('a name given twice in the envelope cannot show one payload and verify another', async () => {
    const { payload, ...rest } = onWire(await signedKeyring(keyringOf(), 'registrar'));
    const evil = Buffer.from('{"evil":true}').toString('base64');
    const text = JSON.stringify({ payload, ...rest }).replace('{', `{"payload":"${evil}",`);
    const { payload: opened } = openEnvelope(parseEnvelope(text), {
      payloadType: KEYRING_PAYLOAD_TYPE,
      ...role(1, 'registrar'),
    });
    expect(Buffer.from(opened).toString('base64')).toBe(payload);
  });

  it('another message under the signature of a pack breaks the last link', async () => {
    const verdict = walkChain(await chainQuestion({ message: utf8('{"name":"vendor.acme.evil"}') }));
    expect(verdict).toMatchObject({
      believed: false,
      brokenLink: 'signature',
      evidence: { keyId: 'publisher' },
    });
  });
});
