// Acceptances that wait for a base go together: one transaction, one line of versions, and each its own answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../../src/protocol/knowledge/policy.ts';
import type { Answer } from '../../world/registry.ts';
import {
  addMember,
  decide,
  type Member,
  propose,
  registerBase,
  startWorkforce,
  verdict,
  type Workforce,
} from '../world/workforce.ts';

const BASES = Array.from({ length: 24 }, (_, at) => `kb:acme.example:claims:together-${at + 1}` as BaseId);

let the: Workforce;
let serial = 0;
let base: BaseId;
let [steward, author, reviewer, other, critic]: Member[] = [];
/** Resolved where the next commits may go on. */
let gate: Promise<void> = Promise.resolve();

beforeAll(async () => {
  the = await startWorkforce(
    {},
    {
      accepting: (deps) => ({
        ...deps,
        commitChain: async (chain) => {
          await gate;
          return deps.commitChain(chain);
        },
      }),
    },
  );
  const options = { bases: BASES };
  const member = (name: string, more: object = {}) =>
    addMember(the.registry, `human:acme.example:${name}`, { ...options, ...more });
  [steward, author, reviewer, other] = await Promise.all(
    ['steward', 'author', 'first', 'other'].map((name) => member(name)),
  );
  critic = await addMember(the.registry, 'worker:acme.example:claims:judge', {
    ...options,
    owner: reviewer?.id ?? '',
  });
});
afterAll(() => the.stop());

const found = (member: Member | undefined): Member => {
  if (member === undefined) throw new Error('nobody is there');
  return member;
};

const newBase = async (policy: Partial<ContributionPolicy> = { auto_rebase: true }): Promise<BaseId> => {
  base = BASES[serial] as BaseId;
  serial += 1;
  await registerBase(found(steward), policy, base);
  return base;
};
beforeEach(() => newBase());

const proposed = async (path: string, to = base): Promise<Answer['json']> =>
  (await propose(found(author), { files: { [path]: `Of ${path}.` }, base: to, on: null })).json;

const proposedAll = async (...paths: string[]): Promise<Answer['json'][]> => {
  const all: Answer['json'][] = [];
  for (const path of paths) all.push(await proposed(path));
  return all;
};

/** The first is on its way to its commit while the others come, so that those go together. */
const behindTheFirst = async <T>(first: () => Promise<T>, others: () => Promise<T>[]): Promise<T[]> => {
  let open = (): void => undefined;
  gate = new Promise((resolve) => {
    open = resolve;
  });
  const leading = first();
  await sleep(200);
  const rest = others();
  await sleep(600);
  open();
  return Promise.all([leading, ...rest]);
};

const accept = (json: Answer['json'], by = reviewer, more: object = {}) =>
  decide(found(by), json, 'accept', more);

const acceptTogether = ([first, ...more]: readonly Answer['json'][]): Promise<Answer[]> =>
  behindTheFirst(
    () => accept(first),
    () => more.map((each) => accept(each)),
  );

interface VersionRow {
  readonly id: string;
  readonly seq: number;
  readonly parent: string | null;
  readonly contribution: string;
  /** The transaction that its event was appended in. */
  readonly xact: string;
  readonly generation: number | null;
}

/** Of the base, in their line. */
const versions = (of = base) => the.registry.sql<VersionRow[]>`
  select versions.id, seq, parent, versions.contribution, xact::text as xact, moves.generation
  from knowledge_versions as versions join events on events.id = versions.event_id
    left join knowledge_pointer_moves as moves on moves.base = versions.base and moves.to_version = versions.id
  where versions.base = ${of} order by seq`;

const expectOneLine = async (count: number): Promise<readonly VersionRow[]> => {
  const rows = await versions();
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, at) => at + 1));
  expect(rows.map(({ parent }) => parent)).toEqual([null, ...rows.slice(0, -1).map(({ id }) => id)]);
  expect(rows.map(({ generation }) => generation)).toEqual(rows.map(({ seq }) => seq));
  return rows;
};

const kindsInOrder = async (): Promise<readonly string[]> => {
  const rows = await the.registry.sql<{ kind: string }[]>`
    select events.kind from events join knowledge_events on event_id = events.id
    where base = ${base} and events.kind in ('KnowledgeContributionRevised', 'KnowledgeContributionAccepted',
      'KnowledgeBaseVersionCreated', 'KnowledgeBaseCurrentPointerMoved')
    order by xact, ordinal`;
  return rows.map(({ kind }) => kind.replace('Knowledge', ''));
};

const ACCEPTED = ['ContributionAccepted', 'BaseVersionCreated', 'BaseCurrentPointerMoved'];

describe('acceptances that wait for one base', () => {
  it('become true in one transaction, each its own version, move and events', async () => {
    const answers = await acceptTogether(await proposedAll('1.md', '2.md', '3.md', '4.md'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const rows = await expectOneLine(4);
    // The first alone, and the others together, unless one of them was long on its way.
    expect(new Set(rows.map(({ xact }) => xact)).size).toBeLessThan(4);
    expect(new Set(answers.map(({ json }) => json.knowledge_base_version))).toEqual(
      new Set(rows.map(({ id }) => id)),
    );
    expect(new Set(answers.map(({ json }) => json.event_id)).size).toBe(4);
    const moved = ['ContributionRevised', ...ACCEPTED];
    expect(await kindsInOrder()).toEqual([...ACCEPTED, ...moved, ...moved, ...moved]);
    const list = await found(author).call('GET', `/knowledge/v1/bases/${base}/versions/current/entries`);
    expect(list.json.entries.map(({ path }: { path: string }) => path)).toEqual([
      '1.md',
      '2.md',
      '3.md',
      '4.md',
    ]);
  });

  it('leave out the one that a verdict forbids, whose refusal says so; the others go through', async () => {
    const [first, second, third, fourth] = await proposedAll('1.md', '2.md', '3.md', '4.md');
    expect((await verdict(found(critic), third, 'fail')).status).toBe(200);
    const answers = await acceptTogether([first, second, third, fourth]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 409, 200]);
    expect(answers[2]?.json.error).toBe('verdict_blocks_acceptance');
    const rows = await expectOneLine(3);
    expect(rows.map(({ contribution }) => contribution)).not.toContain(third.contribution_id);
    const [row] = await the.registry.sql<{ state: string; moves: number; revision: number }[]>`
      select state, moves, revision from knowledge_contributions where id = ${third.contribution_id}`;
    expect(row).toEqual({ state: 'in_review', moves: 1, revision: 1 });
  });

  it('leave out the one whose human is no longer bound when it is committed', async () => {
    const [first, second, third] = await proposedAll('1.md', '2.md', '3.md');
    const unbind = () => the.registry.sql`
      update human_bindings set revoked_at = now() where human = ${found(other).id}`;
    const answers = await behindTheFirst(
      () => accept(first),
      () => [
        accept(second, other),
        accept(third).finally(() => undefined),
        // Once both were let in, and before anything of theirs is committed.
        sleep(150).then(unbind) as never,
      ],
    );
    await the.registry.sql`update human_bindings set revoked_at = null where human = ${found(other).id}`;
    expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 403, 200]);
    expect(answers[1]?.json.error).toBe('human_binding_missing');
    expect((await expectOneLine(2)).map(({ contribution }) => contribution)).toEqual([
      first.contribution_id,
      third.contribution_id,
    ]);
  });

  it('leave out the second of two that change one path, and tell it what stands there', async () => {
    const [first, second] = await proposedAll('1.md', 'same.md');
    const clashing = (await propose(found(author), { files: { 'SAME.md': 'Another.' }, base, on: null }))
      .json;
    const same = (await propose(found(author), { files: { 'same.md': 'Again.' }, base, on: null })).json;
    const answers = await acceptTogether([first, second, same, clashing]);
    expect(answers.map(({ json }) => json.error ?? 'none')).toEqual([
      'none',
      'none',
      'base_version_conflict',
      'contribution_invalid',
    ]);
    expect(answers[2]?.json.details.paths).toEqual(['same.md']);
    await expectOneLine(2);
  });

  it('decide about one contribution once, whoever accepts it', async () => {
    const [first, second] = await proposedAll('1.md', '2.md');
    const answers = await behindTheFirst(
      () => accept(first),
      () => [accept(second), accept(second, other)],
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 409]);
    await expectOneLine(2);
  });

  it('are answered once for one key, also when the same is sent twice at once', async () => {
    const [first, second] = await proposedAll('1.md', '2.md');
    const keyed = () =>
      found(reviewer).call('POST', `/knowledge/v1/contributions/${second.contribution_id}/decisions`, {
        body: { revision_digest: second.revision_digest, decision: 'accept' },
        headers: { 'Idempotency-Key': 'twice' },
      });
    const answers = await behindTheFirst(
      () => accept(first),
      () => [keyed(), keyed()],
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers[1]?.json.event_id).toBe(answers[2]?.json.event_id);
    expect(answers.filter(({ headers }) => headers.has('Idempotent-Replayed'))).toHaveLength(1);
    await expectOneLine(2);
  });

  it('go behind a version that is only made, and leave the pointer to the next', async () => {
    const [first, second, third] = await proposedAll('1.md', '2.md', '3.md');
    const answers = await behindTheFirst(
      () => accept(first),
      () => [accept(second, reviewer, { shadow: true }), accept(third)],
    );
    expect(answers.map(({ json }) => json.generation)).toEqual([1, null, 2]);
    const rows = await versions();
    expect(rows.map(({ seq, generation }) => [seq, generation])).toEqual([
      [1, 1],
      [2, null],
      [3, 2],
    ]);
    expect(rows.map(({ parent }) => parent)).toEqual([null, rows[0]?.id, rows[0]?.id]);
  });
});

describe('a base that somebody else holds', () => {
  it('keeps nobody from accepting on another, and goes on when it is let go', async () => {
    const held = await proposed('1.md');
    const heldBase = base;
    await newBase();
    const free = await proposed('1.md');
    let letGo = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const holding = the.registry.sql.begin(async (tx) => {
      await tx`select stop_use(${`base:${heldBase}`})`;
      await until;
    });
    await sleep(100);
    const waits = accept(held);
    expect((await accept(free)).status).toBe(200);
    expect(await versions(heldBase)).toEqual([]);
    letGo();
    await holding;
    expect((await waits).status).toBe(200);
    expect(await versions(heldBase)).toHaveLength(1);
  });
});
