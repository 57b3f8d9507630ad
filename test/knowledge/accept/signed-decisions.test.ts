// A policy that asks for signed decisions: by the decider's own key, about this very revision, and nobody else's.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSeed, publicKeyOf } from '../../../keys/ed25519.ts';
import { envelopeText, signEnvelope } from '../../../keys/envelope.ts';
import { formatPublicKeyBase64, parseKeyId, publicKeyFromBytes } from '../../../keys/key.ts';
import { seedSigner } from '../../../keys/signers/seed.ts';
import { type Decision, makeDecision } from '../../../src/protocol/knowledge/decision.ts';
import { BASE, decide, type Member, propose, startWorkforce, type Workforce } from '../world/workforce.ts';

let the: Workforce;
const seed = newSeed();
const other = newSeed();
beforeAll(async () => {
  the = await startWorkforce({ signed_decisions: true });
});
afterAll(() => the.stop());

const setKey = (by: Member, of: Member, from: Uint8Array | null) =>
  by.call('PUT', `/access/principals/${of.id}/key`, {
    body: { public_key: from === null ? null : formatPublicKeyBase64(publicKeyFromBytes(publicKeyOf(from))) },
  });

const signed = async (
  by: Member,
  of: { contribution_id: string; revision_digest: string; revision: number },
  decision: Decision['decision'],
  { key = seed, ...changes }: Partial<Decision> & { key?: Uint8Array } = {},
): Promise<string> => {
  const { contribution_id, revision_digest, revision } = of;
  const wanted = {
    contribution_id,
    revision_digest,
    revision,
    knowledge_base_id: BASE,
    decision,
    actor: by.id,
  };
  const statement = makeDecision({ ...wanted, ...changes } as Decision);
  return envelopeText(await signEnvelope(statement, [seedSigner(parseKeyId('own'), key)]));
};

let count = 0;
const proposed = async () => {
  count += 1;
  return (await propose(the.author, { files: { [`${count}.md`]: `${count}` } })).json;
};

describe('a base that asks for signed decisions', () => {
  it('takes an acceptance that the decider signed, and says so in its event', async () => {
    const { reviewer, registry } = the;
    const contribution = await proposed();
    expect((await decide(reviewer, contribution, 'accept')).json.error).toBe('signature_missing');
    const early = await signed(reviewer, contribution, 'accept');
    expect((await decide(reviewer, contribution, 'accept', { signature: early })).json).toMatchObject({
      error: 'signature_invalid',
      details: { reason: 'key_unknown' },
    });
    expect((await setKey(reviewer, reviewer, seed)).status).toBe(200);
    const accepted = await decide(reviewer, contribution, 'accept', { signature: early });
    expect(accepted.status, accepted.bytes.toString()).toBe(200);
    const [row] = await registry.sql<{ hash: string | null }[]>`
      select convert_from(sealed, 'UTF8')::json #>> '{data,payload,decision_hash}' as hash from events
      where kind = 'KnowledgeContributionAccepted'`;
    expect(row?.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('refuses every other signature, and nothing is decided then', async () => {
    const { reviewer, author } = the;
    const contribution = await proposed();
    const another = await proposed();
    const forged = {
      'of another key': await signed(reviewer, contribution, 'accept', { key: other }),
      'of another word': await signed(reviewer, contribution, 'reject'),
      'of another contribution': await signed(reviewer, another, 'accept'),
      'of another decider': await signed(reviewer, contribution, 'accept', { actor: author.id as never }),
      'of another revision': await signed(reviewer, contribution, 'accept', {
        revision_digest: `sha256:${'0'.repeat(64)}`,
      }),
      'that is none': '{}',
    };
    for (const [what, signature] of Object.entries(forged)) {
      const refused = await decide(reviewer, contribution, 'accept', { signature });
      expect({ what, error: refused.json.error }).toEqual({ what, error: 'signature_invalid' });
    }
    const view = await reviewer.call('GET', `/knowledge/v1/contributions/${contribution.contribution_id}`);
    expect(view.json.state).toBe('in_review');
    const signature = await signed(reviewer, contribution, 'accept');
    expect((await decide(reviewer, contribution, 'accept', { signature })).status).toBe(200);
  });

  it('lets nobody give another a key, but whoever staffs the workforce', async () => {
    const { reviewer, author, registry } = the;
    expect((await setKey(author, reviewer, other)).status).toBe(403);
    const contribution = await proposed();
    const signature = await signed(reviewer, contribution, 'accept');
    const operator: Member = { ...reviewer, call: registry.call };
    expect((await setKey(operator, reviewer, null)).status).toBe(200);
    expect((await decide(reviewer, contribution, 'accept', { signature })).json.error).toBe(
      'signature_invalid',
    );
  });
});
