// Attack: one stolen key signs twice, or goes by two names, to reach a threshold of two.
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../keys/canonical.ts';
import { openEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { rootPayload, verifyRootUpdate } from '../../keys/root.ts';
import { refusalOf, renamed, role, rootOf, signedRoot, signer } from './trust-world.ts';

const PAYLOAD = { payloadType: 'application/vnd.example+json', payload: canonicalBytes({}) };

describe('the same key counted twice', () => {
  it('the same signature twice counts once', async () => {
    const envelope = await signEnvelope(PAYLOAD, [signer('a'), signer('a')]);
    const wanted = { payloadType: PAYLOAD.payloadType, threshold: 2, keys: role(2, 'a', 'b').keys };
    expect(refusalOf(() => openEnvelope(envelope, wanted)).details).toMatchObject({ found: 1 });
  });

  it('one key listed under two ids counts once', async () => {
    const twice = [signer('a'), renamed('a', 'also-a')];
    const envelope = await signEnvelope(PAYLOAD, twice);
    const wanted = { payloadType: PAYLOAD.payloadType, threshold: 2, keys: twice };
    expect(refusalOf(() => openEnvelope(envelope, wanted)).details).toMatchObject({ found: 1 });
  });

  it('a root may not list one key under two ids', () => {
    const keys = [signer('a'), renamed('a', 'also-a')].map(({ keyId, publicKey }) => ({ keyId, publicKey }));
    expect(refusalOf(() => rootPayload(rootOf({ threshold: 2, keys }))).code).toBe('document');
  });

  it('a root may not ask for more keys than it has', () => {
    expect(refusalOf(() => rootPayload(rootOf(role(3, 'a', 'b')))).details).toMatchObject({
      where: '/threshold',
    });
  });

  it('two signatures of one root key do not hand over to the next root', async () => {
    const envelope = await signedRoot(rootOf({ version: 2 }), 'root-a', 'root-a');
    expect(refusalOf(() => verifyRootUpdate(rootOf(), envelope)).code).toBe('root_old_threshold');
  });
});
