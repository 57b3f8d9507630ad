// Keys that follow one another, as an auditor and a verifying client see them: what the log says counts, nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../keys/canonical.ts';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { rotationMessage } from '../../keys/rotation.ts';
import { auditRegistry } from '../../src/client/audit/audit.ts';
import { memoryTrustStore, openRegistry, verifyVersion } from '../../src/client/index.ts';
import { delegationOf, signer } from '../keys/trust-world.ts';
import { rotate, rotationOf } from '../packs/rotating.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { audit, auditedRegistry, found, packNamed } from './audited.ts';

const NAME = 'vendor.alice.tools';
const NAMESPACES = ['vendor.alice.*'];
const [old, next] = [createPublisher('alice-1'), createPublisher('alice-2')];

describe('our own registry', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
    await delegate(registry.call, old, NAMESPACES);
    await publish('1.0.0', old);
    const body = rotationOf(old, next, { account: 'operator', namespaces: NAMESPACES });
    expect((await rotate(registry, registry.adminToken, body, NAME)).status).toBe(201);
    await publish('1.1.0', next);
  });
  afterAll(() => registry.stop());

  const publish = async (version: string, by: typeof old): Promise<void> => {
    const body = await by.pack({ name: NAME, version });
    const answer = await registry.call('PUT', addressOf(NAME, version), { body });
    expect(answer.bytes.toString()).toContain(version);
  };
  const look = () => openRegistry({ url: registry.url, store: memoryTrustStore() });
  const codes = async () => {
    const options = { url: registry.url, store: memoryTrustStore(), settleMs: 0 };
    const { findings } = await auditRegistry(options);
    return findings.map(({ code, subject }) => `${code} ${subject}`).sort();
  };
  it('agrees with its log, and the client believes what both keys signed', async () => {
    expect(await codes()).toEqual([]);
    for (const version of ['1.0.0', '1.1.0'])
      expect((await verifyVersion({ registry: await look() })(NAME, version)).recorded).toBeDefined();
  });

  it('that lets the old key sign on is refused by the client, for that version alone', async () => {
    const { sql } = registry;
    const [row] = await sql<
      { not_after: Date }[]
    >`select not_after from delegations where key_id = 'alice-1'`;
    await sql`update delegations set not_after = '2099-01-01' where key_id = 'alice-1'`;
    // Another key is delegated, so that what the process remembers of keys is forgotten.
    await delegate(registry.call, createPublisher('alice-x'), NAMESPACES);
    await publish('9.0.0', old);
    await sql`update delegations set not_after = ${row?.not_after ?? null} where key_id = 'alice-1'`;
    await expect(verifyVersion({ registry: await look() })(NAME, '9.0.0')).rejects.toMatchObject({
      question: 'delegation',
      evidence: { keyId: 'alice-1' },
    });
    expect((await verifyVersion({ registry: await look() })(NAME, '1.0.0')).keyId).toBe('alice-1');
  });

  it('that serves a rotation which the log does not have, or hides one, is found', async () => {
    const { sql } = registry;
    const other = createPublisher('alice-3');
    await sql`insert into key_rotations select 'alice-2', 'alice-x', proof, rotated_at, event_id from key_rotations`;
    await delegate(registry.call, other, NAMESPACES);
    expect(await codes()).toContain(`rotation_unlogged pack:${NAME}`);
    await sql`delete from key_rotations`;
    await delegate(registry.call, createPublisher('alice-4'), NAMESPACES);
    expect(await codes()).toEqual([`rotation_missing pack:${NAME}`]);
  });
});

describe('a log', () => {
  const statement = async (delegation: Delegation): Promise<string> =>
    envelopeText(
      await signEnvelope({ payloadType: DELEGATION_PAYLOAD_TYPE, payload: delegationPayload(delegation) }, [
        signer('registrar'),
      ]),
    );
  const ended = (change: Partial<Delegation> = {}): Delegation =>
    delegationOf('publisher', { notAfter: '2026-06-01T00:00:00Z', ...change });
  const follower = (change: Partial<Delegation> = {}): Delegation =>
    delegationOf('follower', { notBefore: '2026-06-01T00:00:00Z', ...change });

  interface Told {
    readonly old?: Delegation;
    readonly next?: Delegation;
    readonly provedBy?: string;
    readonly data?: JsonObject;
  }

  /** A registry whose log lets `publisher` be followed by `follower`. */
  const turned = async ({
    old = ended(),
    next = follower(),
    provedBy = 'publisher',
    data = {},
  }: Told = {}) => {
    const registry = await auditedRegistry(await packNamed('vendor.acme.tools'));
    registry.record('key.delegated', 'key:follower', { statement: await statement(next) });
    const proof = await signer(provedBy).sign(rotationMessage({ ...next, validFrom: next.notBefore }));
    registry.record('key.rotated', 'key:publisher', {
      keyId: 'publisher',
      rotatedTo: 'follower',
      rotationProof: Buffer.from(proof).toString('base64'),
      statement: await statement(old),
      ...data,
    });
    await registry.serve({ delegations: [old, next] });
    return registry;
  };
  const invalid = async (told: Told) => {
    const report = await audit(await turned(told));
    return report.findings.filter(({ code }) => code === 'rotation_invalid').map(({ subject }) => subject);
  };

  it('that records a rotation as it should be has the old key end in the keyring', async () => {
    const codes = found(await audit(await turned()));
    expect(codes.filter((each) => /rotation|keyring/.test(each))).toEqual([]);
  });

  it('whose keyring lets the old key go on is found', async () => {
    const registry = await turned();
    await registry.serve({ delegations: [delegationOf('publisher'), follower()] });
    expect(found(await audit(registry))).toContainEqual(
      expect.stringMatching(/^keyring_mismatch key:publisher/),
    );
  });

  it.each<[string, Told]>([
    ['by a key that is not the old one', { provedBy: 'follower' }],
    ['to a key that speaks for more', { next: follower({ namespaces: ['vendor.acme.*', 'core.x.*'] }) }],
    ['that has the old key end later than before', { old: ended({ notAfter: '2028-01-01T00:00:00Z' }) }],
    ['that has the old key speak for something else', { old: ended({ namespaces: ['core.x.*'] }) }],
    ['to a key that was never delegated', { data: { rotatedTo: 'nobody' } }],
    ['without a proof', { data: { rotationProof: '' } }],
    ['that no registrar has signed', { data: { statement: '{}' } }],
  ])('that records a rotation %s is found', async (_, told) => {
    expect(await invalid(told)).toEqual(['key:publisher']);
  });
});
