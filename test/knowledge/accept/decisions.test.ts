// What stands between a proposal and its acceptance: verdicts, confidence, quorum, evaluations, the humans' own standing.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../../src/protocol/knowledge/policy.ts';
import type { Answer } from '../../world/registry.ts';
import {
  addMember,
  currentOf,
  decide,
  type Member,
  propose,
  publish,
  registerBase,
  startWorkforce,
  upload,
  verdict,
  type Workforce,
} from '../world/workforce.ts';

let the: Workforce;
let serial = 0;
/** With roles that know the bases of the tests. */
let steward: Member;
let author: Member;
let reviewer: Member;
let other: Member;
let agent: Member;
let critic: Member;
let base: BaseId;

/** As many as there are tests that ask for one of their own. */
const BASES = Array.from({ length: 48 }, (_, at) => `kb:acme.example:claims:base-${at + 1}` as BaseId);

beforeAll(async () => {
  the = await startWorkforce();
  const { registry } = the;
  const options = { bases: BASES };
  steward = await addMember(registry, 'human:acme.example:steward', options);
  author = await addMember(registry, 'human:acme.example:author', options);
  reviewer = await addMember(registry, 'human:acme.example:reviewer', options);
  other = await addMember(registry, 'human:acme.example:other', options);
  agent = await addMember(registry, 'worker:acme.example:claims:agent', { ...options, owner: author.id });
  critic = await addMember(registry, 'worker:acme.example:claims:judge', { ...options, owner: reviewer.id });
});
afterAll(() => the.stop());

/** A base of its own for each test, so that none sees what another did. */
const on = async (policy: Partial<ContributionPolicy>, sensitivity = 'internal'): Promise<void> => {
  base = BASES[serial] as BaseId;
  serial += 1;
  await registerBase(steward, policy, base, sensitivity);
};

let texts = 0;
const proposed = async (by: Member, more: object = {}): Promise<Answer['json']> => {
  texts += 1;
  const answer = await propose(by, { files: { [`${texts}.md`]: `Text ${texts}.` }, more, base });
  expect(answer.status, answer.bytes.toString()).toBe(201);
  return answer.json;
};

const blobFor = async (text: string): Promise<string> => {
  return (await upload(author, 'x.md', text, base)).blob;
};

const stateOf = async (id: string): Promise<string> =>
  (await reviewer.call('GET', `/knowledge/v1/contributions/${id}`)).json.state;

const kindsOf = async (id: string): Promise<readonly string[]> => {
  const rows = await the.registry.sql<{ kind: string }[]>`
    select events.kind from events join knowledge_events on event_id = events.id
    where contribution = ${id} order by xact, ordinal`;
  return rows.map(({ kind }) => kind);
};

const countVersions = async (): Promise<number> => {
  const [row] = await the.registry.sql<{ count: number }[]>`
    select count(*) from knowledge_versions where base = ${base}`;
  return row?.count ?? -1;
};

/** Refused for that reason, and without a trace in what stands. */
const expectRefused = async (
  answer: Promise<Answer>,
  error: string,
  status = 409,
): Promise<Answer['json']> => {
  const before = await countVersions();
  const { json, status: found, bytes } = await answer;
  expect({ status: found, error: json?.error }, bytes.toString()).toEqual({ status, error });
  expect(await countVersions()).toBe(before);
  return json;
};

describe('a verdict', () => {
  beforeEach(() => on({}));

  it.each(['fail', 'revise'])(
    'of %s keeps humans from accepting, until the same verifier lets it pass',
    async (word) => {
      const contribution = await proposed(author);
      const given = await verdict(critic, contribution, word);
      expect(given.status, given.bytes.toString()).toBe(200);
      expect(given.json.state).toBe(word === 'revise' ? 'changes_requested' : 'in_review');
      const error = word === 'fail' ? 'verdict_blocks_acceptance' : 'invalid_transition';
      await expectRefused(decide(reviewer, contribution, 'accept'), error);
      if (word === 'revise') return;
      expect((await verdict(critic, contribution, 'pass')).status).toBe(200);
      expect((await decide(reviewer, contribution, 'accept')).status).toBe(200);
    },
  );

  it('of pass, or none at all, leaves the decision to the human', async () => {
    const judged = await proposed(author);
    await verdict(critic, judged, 'pass');
    expect(await stateOf(judged.contribution_id)).toBe('in_review');
    expect((await decide(reviewer, judged, 'accept')).status).toBe(200);
    expect((await decide(reviewer, await proposed(author), 'accept')).status).toBe(200);
  });

  it('carries keys of criteria, and no text', async () => {
    const contribution = await proposed(author);
    const text = { criteria: ['It reads badly!'] };
    await expectRefused(verdict(critic, contribution, 'fail', text), 'validation_error', 400);
    await expectRefused(verdict(critic, contribution, 'fail', { comment: 'bad' }), 'validation_error', 400);
    expect((await verdict(critic, contribution, 'fail', { criteria: ['sources.cited'] })).status).toBe(200);
  });

  it('is about one revision: another starts with none', async () => {
    const contribution = await proposed(author);
    await verdict(critic, contribution, 'fail');
    const changes = [{ op: 'delete', path: 'nothing.md' }];
    const body = { base_version: null, changes, summary: 'Nothing.' };
    const path = `/knowledge/v1/contributions/${contribution.contribution_id}/revisions`;
    await expectRefused(author.call('POST', path, { body }), 'contribution_invalid', 422);
    const { json } = await propose(author, { files: { 'other.md': 'Another.' }, base });
    await verdict(critic, json, 'fail');
    const again = await author.call('POST', path, {
      body: {
        base_version: null,
        changes: [
          { op: 'put', path: 'new.md', blob: await blobFor('New.'), size: 4, media_type: 'text/plain' },
        ],
        summary: 'Anew.',
      },
    });
    expect(again.status, again.bytes.toString()).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'invalid_transition');
    expect((await decide(reviewer, again.json, 'accept')).status).toBe(200);
  });
});

describe('a base that verifiers may open', () => {
  beforeEach(() => on({ mode: 'verified' }));

  it('takes what a verifier of another lets pass, by itself', async () => {
    const contribution = await proposed(agent, { confidence: 0.9 });
    const given = await verdict(critic, contribution, 'pass', { confidence: 0.9 });
    expect(given.status, given.bytes.toString()).toBe(200);
    expect(await stateOf(contribution.contribution_id)).toBe('accepted');
    expect((await kindsOf(contribution.contribution_id)).slice(-3)).toEqual([
      'KnowledgeContributionAccepted',
      'KnowledgeBaseVersionCreated',
      'KnowledgeBaseCurrentPointerMoved',
    ]);
  });

  it.each([
    ['fail', {}],
    ['revise', {}],
  ])('leaves it to nobody when the verdict is %s', async (word, more) => {
    const contribution = await proposed(agent, { confidence: 0.9, ...more });
    await verdict(critic, contribution, word);
    expect(await stateOf(contribution.contribution_id)).toBe(
      word === 'fail' ? 'in_review' : 'changes_requested',
    );
  });

  it('waits for a human where the proposer is unsure, says nothing of it, or verified himself', async () => {
    for (const [more, by] of [
      [{ confidence: 0.49 }, critic],
      [{}, critic],
      [{ confidence: 0.9 }, agent],
    ] as const) {
      const contribution = await proposed(agent, more);
      expect((await verdict(by, contribution, 'pass', { confidence: 0.9 })).status).toBe(200);
      expect(await stateOf(contribution.contribution_id)).toBe('in_review');
    }
  });
});

describe('confidence', () => {
  it.each([
    [0.5, 0.49, true],
    [0.5, 0.5, false],
    [0.8, 0.79, true],
    [0.8, 0.8, false],
  ])('against a floor of %d: %d is escalated: %s', async (floor, confidence, escalated) => {
    await on({ confidence_floor: floor });
    const contribution = await proposed(agent, { confidence });
    expect(contribution.reasons.includes('low_confidence')).toBe(escalated);
    const expected = [
      'KnowledgeContributionProposed',
      ...(escalated ? ['KnowledgeContributionConfidenceEscalated'] : []),
      'KnowledgeContributionReviewOpened',
    ];
    expect(await kindsOf(contribution.contribution_id)).toEqual(expected);
    expect((await decide(reviewer, contribution, 'accept')).status).toBe(200);
  });

  it('that nobody stated is no low one', async () => {
    await on({});
    expect((await proposed(agent)).reasons).toEqual(['policy_reviewed']);
  });

  it('below the floor is accepted by no agent, whatever the mode', async () => {
    await on({ mode: 'direct' });
    const sure = await proposed(agent, { confidence: 0.9 });
    const unsure = await proposed(agent, { confidence: 0.3 });
    const json = await expectRefused(decide(critic, unsure, 'accept'), 'human_review_required');
    expect(json.details.gates.map(({ code }: { code: string }) => code)).toContain('human_review_required');
    expect((await decide(critic, sure, 'accept')).status).toBe(200);
  });
});

describe('a quorum', () => {
  it('is of different people, and says what is missing', async () => {
    await on({ required_approvals: 2 });
    const contribution = await proposed(author);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'quorum_not_met');
    expect((await decide(reviewer, contribution, 'approve')).status).toBe(200);
    const again = await decide(reviewer, contribution, 'approve');
    expect(again.status).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'quorum_not_met');
    expect(
      (await kindsOf(contribution.contribution_id)).filter((kind) => kind.endsWith('Approved')),
    ).toHaveLength(1);
    expect((await decide(other, contribution, 'accept')).status).toBe(200);
  });

  it('counts rejections where the policy says so, and otherwise one ends it', async () => {
    await on({ required_approvals: 2, rejection: 'quorum' });
    const counted = await proposed(author);
    await decide(reviewer, counted, 'reject', { reason_code: 'wrong' });
    expect(await stateOf(counted.contribution_id)).toBe('in_review');
    await decide(other, counted, 'reject', { reason_code: 'wrong' });
    expect(await stateOf(counted.contribution_id)).toBe('rejected');
    await on({ required_approvals: 2 });
    const vetoed = await proposed(author);
    await decide(reviewer, vetoed, 'reject', { reason_code: 'wrong' });
    expect(await stateOf(vetoed.contribution_id)).toBe('rejected');
    await expectRefused(decide(other, vetoed, 'accept'), 'invalid_transition');
  });
});

describe('what must have passed', () => {
  it('is an evaluation on this very revision, by somebody else', async () => {
    await on({ required_evals: ['smoke'] });
    const contribution = await proposed(author);
    const path = `/knowledge/v1/contributions/${contribution.contribution_id}/evals`;
    const body = { revision_digest: contribution.revision_digest, suite: 'smoke', result: 'pass' };
    await expectRefused(decide(reviewer, contribution, 'accept'), 'evaluation_missing');
    await expectRefused(agent.call('POST', path, { body }), 'self_review_forbidden', 403);
    expect((await critic.call('POST', path, { body: { ...body, result: 'fail' } })).status).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'evaluation_missing');
    expect((await critic.call('POST', path, { body })).status).toBe(200);
    expect((await decide(reviewer, contribution, 'accept')).status).toBe(200);
  });

  it('is not undone for one evaluator by what another found', async () => {
    await on({ required_evals: ['smoke'] });
    const contribution = await proposed(author);
    const path = `/knowledge/v1/contributions/${contribution.contribution_id}/evals`;
    const said = (by: Member, result: string) =>
      by.call('POST', path, {
        body: { revision_digest: contribution.revision_digest, suite: 'smoke', result },
      });
    expect((await said(critic, 'fail')).status).toBe(200);
    expect((await said(other, 'pass')).status).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'evaluation_missing');
    expect((await said(critic, 'pass')).status).toBe(200);
    expect((await decide(reviewer, contribution, 'accept')).status).toBe(200);
  });

  it('are all criteria that the proposer set himself', async () => {
    await on({});
    const unmet = await proposed(author, { criteria: [{ key: 'complete', met: false }] });
    await expectRefused(decide(reviewer, unmet, 'accept'), 'criteria_unmet');
    const met = await proposed(author, { criteria: [{ key: 'complete', met: true }] });
    expect((await decide(reviewer, met, 'accept')).status).toBe(200);
  });
});

describe('revisions', () => {
  it('come to an end, and waiting for a human counts none', async () => {
    await on({ max_revisions: 1 });
    const contribution = await proposed(author);
    const path = `/knowledge/v1/contributions/${contribution.contribution_id}/revisions`;
    const revise = async (text: string) =>
      author.call('POST', path, {
        body: {
          base_version: null,
          changes: [
            {
              op: 'put',
              path: 'r.md',
              blob: await blobFor(text),
              size: text.length,
              media_type: 'text/plain',
            },
          ],
          summary: text,
        },
      });
    await decide(reviewer, contribution, 'request_changes', { reason_code: 'unclear' });
    const first = await revise('One.');
    expect(first.json).toMatchObject({ revision: 2, state: 'in_review' });
    const json = await expectRefused(revise('Two.'), 'revision_limit_exceeded');
    expect(json.details).toMatchObject({ kind: 'revision-iterations', limit: 1, observed: 2 });
    await expectRefused(
      decide(reviewer, first.json, 'request_changes', { reason_code: 'unclear' }),
      'revision_limit_exceeded',
    );
    expect((await decide(reviewer, first.json, 'accept')).status).toBe(200);
  });

  it('are made by nobody but the proposer, who may also withdraw', async () => {
    await on({});
    const contribution = await proposed(author);
    const path = `/knowledge/v1/contributions/${contribution.contribution_id}/withdraw`;
    await expectRefused(reviewer.call('POST', path, { body: {} }), 'forbidden', 403);
    expect((await author.call('POST', path, { body: {} })).json.state).toBe('withdrawn');
    await expectRefused(decide(reviewer, contribution, 'accept'), 'invalid_transition');
  });
});

describe('two who accept at once', () => {
  it('never both win: the other is told that the base moved', async () => {
    await on({});
    const [one, two] = [await proposed(author), await proposed(author)];
    const answers = await Promise.all([decide(reviewer, one, 'accept'), decide(other, two, 'accept')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = answers.find(({ status }) => status === 409);
    expect(lost?.json.error).toBe('base_version_conflict');
    expect(await countVersions()).toBe(1);
  });

  it('of one contribution make one version', async () => {
    await on({});
    const contribution = await proposed(author);
    const answers = await Promise.all([
      decide(reviewer, contribution, 'accept'),
      decide(other, contribution, 'accept'),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await countVersions()).toBe(1);
  });

  it('both win where the policy moves the one onto the other, as a revision that is on record', async () => {
    await on({ auto_rebase: true });
    const [one, two] = [await proposed(author), await proposed(author)];
    const answers = await Promise.all([decide(reviewer, one, 'accept'), decide(other, two, 'accept')]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ json }) => json.revision).sort()).toEqual([1, 2]);
    const kinds = [...(await kindsOf(one.contribution_id)), ...(await kindsOf(two.contribution_id))];
    expect(kinds.filter((kind) => kind === 'KnowledgeContributionRevised')).toHaveLength(1);
  });

  it('do not where both touch one path', async () => {
    await on({ auto_rebase: true });
    const first = await propose(author, { files: { 'same.md': 'One.' }, base });
    const second = await propose(author, { files: { 'same.md': 'Two.' }, base });
    expect((await decide(reviewer, first.json, 'accept')).status).toBe(200);
    const json = await expectRefused(decide(reviewer, second.json, 'accept'), 'base_version_conflict');
    expect(json.details.paths).toEqual(['same.md']);
  });
});

describe('a human', () => {
  it('whose binding ended while he looked decides nothing', async () => {
    await on({});
    const leaving = await addMember(the.registry, 'human:acme.example:leaving', { bases: [base] });
    const contribution = await proposed(author);
    const { json } = await the.registry.call(
      'GET',
      `/access/bindings?workforce=workforce:acme.example:claims`,
    );
    const own = json.bindings.filter(({ human }: { human: string }) => human === leaving.id);
    expect(own).toHaveLength(2);
    for (const { binding } of own)
      expect((await the.registry.call('DELETE', `/access/bindings/${binding}`)).status).toBe(204);
    await expectRefused(decide(leaving, contribution, 'accept'), 'human_binding_missing', 403);
    expect(await kindsOf(contribution.contribution_id)).not.toContain('KnowledgeContributionAccepted');
    expect((await decide(other, contribution, 'accept')).status).toBe(200);
  });
});

describe('an account that somebody else made a principal of his', () => {
  it('goes on acting on its own bases as it did, and has to say who acts where it is about none', async () => {
    await on({});
    const { registry } = the;
    const foreign = 'workforce:acme.example:elsewhere';
    const steward = 'operator';
    await registry.call('POST', '/access/workforces', { body: { workforce: foreign, steward } });
    const { token, account, call } = await addMember(registry, 'human:acme.example:busy', { bases: [base] });
    const body = { principal: 'worker:acme.example:elsewhere:intruder', workforce: foreign, account };
    const owner = 'human:acme.example:elsewhere';
    const human = { principal: owner, workforce: foreign, account: 'operator' };
    expect((await registry.call('POST', '/access/principals', { body: human })).status).toBe(201);
    expect((await registry.call('POST', '/access/principals', { body: { ...body, owner } })).status).toBe(
      201,
    );
    expect(token).not.toBe('');
    expect((await call('GET', `/knowledge/v1/bases/${base}`)).status).toBe(200);
    const unsaid = await call('GET', '/knowledge/v1/review-queue');
    expect({ status: unsaid.status, error: unsaid.json.error }).toEqual({
      status: 403,
      error: 'principal_required',
    });
    const headers = { 'Attestry-Principal': 'human:acme.example:busy' };
    expect((await call('GET', '/knowledge/v1/review-queue', { headers })).status).toBe(200);
  });
});

describe('a rollback', () => {
  it('makes what was proposed on top of the abandoned version stale', async () => {
    await on({});
    const first = await publish(author, reviewer, { 'a.md': 'First.' }, base);
    await publish(author, reviewer, { 'a.md': 'Second.' }, base);
    const stale = await proposed(author);
    const back = await reviewer.call('POST', `/knowledge/v1/bases/${base}/pointer`, {
      headers: { 'If-Match': '"2"' },
      body: { to_version: first, reason: 'rollback', justification_code: 'wrong_numbers' },
    });
    expect(back.status, back.bytes.toString()).toBe(200);
    await expectRefused(decide(reviewer, stale, 'accept'), 'base_version_conflict');
    expect(await currentOf(author, base)).toBe(first);
    const third = await publish(author, reviewer, { 'b.md': 'Third.' }, base);
    const list = await author.call('GET', `/knowledge/v1/bases/${base}/versions/${third}/entries`);
    expect(list.json.entries.map(({ path }: { path: string }) => path)).toEqual(['a.md', 'b.md']);
    const read = await author.call('GET', `/knowledge/v1/bases/${base}/versions/${third}/entries/a.md`);
    expect(read.bytes.toString()).toBe('First.');
  });
});

describe('G11: a shadow acceptance', () => {
  it('makes the version, and leaves the pointer where it is until somebody promotes it', async () => {
    await on({});
    const first = await publish(author, reviewer, { 'a.md': 'First.' }, base);
    const accepted = await decide(reviewer, await proposed(author), 'accept', { shadow: true });
    expect(accepted.json).toMatchObject({ state: 'accepted', generation: null, version_seq: 2 });
    expect(await currentOf(author, base)).toBe(first);
    const promoted = await reviewer.call('POST', `/knowledge/v1/bases/${base}/pointer`, {
      headers: { 'If-Match': '"1"' },
      body: {
        to_version: accepted.json.knowledge_base_version,
        reason: 'promote',
        justification_code: 'trial_passed',
      },
    });
    expect(promoted.status, promoted.bytes.toString()).toBe(200);
    expect(await currentOf(author, base)).toBe(accepted.json.knowledge_base_version);
  });
});

describe('a signal of another workforce', () => {
  const signal = { workforce: 'workforce:other.example:sales', event_id: 'evt-1', host_id: 'other.example' };

  it('leads to one proposal, however often it is delivered', async () => {
    await on({ external: [signal.workforce as never] });
    const one = await propose(agent, { files: { 's.md': 'Signal.' }, more: { signal }, base });
    const two = await propose(agent, { files: { 's.md': 'Signal.' }, more: { signal }, base });
    expect([one.status, two.status]).toEqual([201, 200]);
    expect(two.json.contribution_id).toBe(one.json.contribution_id);
    const many = await Promise.all(
      [1, 2, 3].map(() =>
        propose(agent, { files: { 't.md': 'T.' }, more: { signal: { ...signal, event_id: 'evt-2' } }, base }),
      ),
    );
    expect(new Set(many.map(({ json }) => json.contribution_id)).size).toBe(1);
  });

  it('may be answered again once the answer came to nothing', async () => {
    await on({ external: [signal.workforce as never] });
    const first = await propose(agent, { files: { 's.md': 'Signal.' }, more: { signal }, base });
    const path = `/knowledge/v1/contributions/${first.json.contribution_id}/withdraw`;
    expect((await agent.call('POST', path, { body: {} })).status).toBe(200);
    const again = await propose(author, { files: { 's.md': 'Signal.' }, more: { signal }, base });
    expect(again.status).toBe(201);
    expect(again.json.contribution_id).not.toBe(first.json.contribution_id);
  });

  it('is refused where the policy does not name that workforce', async () => {
    await on({});
    await expectRefused(
      propose(agent, { files: { 's.md': 'Signal.' }, more: { signal }, base }),
      'contribution_invalid',
      422,
    );
  });

  it('M14: names its host in the event where that is another one, and nowhere else', async () => {
    await on({ external: [signal.workforce as never] });
    const far = await propose(agent, { files: { 'f.md': 'Far.' }, more: { signal }, base });
    const near = await propose(agent, { files: { 'n.md': 'Near.' }, base });
    const eventsOf = async (id: string) => {
      const rows = await the.registry.sql<{ sealed: Buffer }[]>`
        select sealed from events join knowledge_events on event_id = id
        where contribution = ${id} order by xact, ordinal`;
      return rows.map(({ sealed }) => JSON.parse(sealed.toString('utf8')));
    };
    const [first, ...more] = await eventsOf(far.json.contribution_id);
    expect(first).toMatchObject({ causationId: 'evt-1', causationHostId: 'other.example' });
    for (const event of [...more, ...(await eventsOf(near.json.contribution_id))])
      expect(event).not.toHaveProperty('causationHostId');
  });
});

describe('the same request again', () => {
  it('under its key is answered as before, and another one under it is refused', async () => {
    await on({});
    const headers = { 'Idempotency-Key': 'once' };
    const one = await propose(author, { files: { 'i.md': 'I.' }, base, headers });
    const two = await propose(author, { files: { 'i.md': 'I.' }, base, headers });
    expect(two.json.contribution_id).toBe(one.json.contribution_id);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
    await expectRefused(propose(author, { files: { 'i.md': 'II.' }, base, headers }), 'idempotency_conflict');
    const key = { headers: { 'Idempotency-Key': 'accept-it' } };
    const accept = () =>
      reviewer.call('POST', `/knowledge/v1/contributions/${one.json.contribution_id}/decisions`, {
        ...key,
        body: { revision_digest: one.json.revision_digest, decision: 'accept' },
      });
    const answers = await Promise.all([accept(), accept(), accept()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ json }) => json.knowledge_base_version)).size).toBe(1);
    expect(await countVersions()).toBe(1);
    const told = await reviewer.call('GET', '/knowledge/v1/outcomes/accept-it');
    expect(told.json.outcome.knowledge_base_version).toBe(answers[0]?.json.knowledge_base_version);
    expect((await author.call('GET', '/knowledge/v1/outcomes/accept-it')).status).toBe(404);
  });
});

describe('a base that is the only writer of itself', () => {
  it('takes nothing while it is paused or held, and everything again afterwards', async () => {
    await on({});
    const contribution = await proposed(author);
    const to = (word: string) =>
      reviewer.call('POST', `/knowledge/v1/bases/${base}/${word}`, { body: { reason_code: 'incident' } });
    expect((await to('hold')).status).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'knowledge_base_held');
    expect((await to('release')).status).toBe(200);
    expect((await to('pause')).status).toBe(200);
    await expectRefused(decide(reviewer, contribution, 'accept'), 'knowledge_base_paused');
    await expect(upload(author, 'p.md', 'P.', base)).rejects.toThrow('knowledge_base_paused');
    const body = { base_version: null, changes: [{ op: 'delete', path: 'p.md' }], summary: 'Meanwhile.' };
    const path = `/knowledge/v1/bases/${base}/contributions`;
    await expectRefused(author.call('POST', path, { body }), 'knowledge_base_paused');
    expect((await to('resume')).status).toBe(200);
    expect((await decide(reviewer, contribution, 'accept')).status).toBe(200);
  });

  it('is changed in the closed mode by nobody but who administers it', async () => {
    await on({ mode: 'closed', allow_self_review: true, required_approvals: 1 });
    const options = { bases: [base], operations: ['retrieve', 'propose', 'review', 'accept'] as const };
    const plain = await addMember(the.registry, 'human:acme.example:plain', options);
    await expectRefused(propose(plain, { files: { 'c.md': 'C.' }, base }), 'contribution_closed', 403);
    const own = await proposed(author);
    await expectRefused(decide(plain, own, 'accept'), 'contribution_closed', 403);
    expect((await decide(author, own, 'accept')).status).toBe(200);
  });
});
