// Eight reviewers and four agents at random on one base, over two processes that are killed meanwhile.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkAll } from '../../../src/upkeep/fsck.ts';
import { openDiskStore } from '../../../storage/disk-store.ts';
import { type Ground, ground, type RegistryProcess } from '../../world/processes.ts';
import type { Answer } from '../../world/registry.ts';
import {
  addMember,
  as,
  BASE,
  decide,
  type Member,
  propose,
  registerBase,
  registerWorkforce,
  verdict,
} from '../world/workforce.ts';

const REVIEWERS = 8;
const AGENTS = 4;
/** A process dies whenever so many acceptances were acknowledged since the last one did. */
const KILL_EVERY = 6;
const KILLS = 3;
const MOST_MS = 75_000;
const PATHS = 24;

let the: Ground;
let processes: RegistryProcess[];
beforeAll(async () => {
  the = await ground();
  processes = [await the.start(), await the.start()];
});
afterAll(() => the.clear());

const pick = <T>(all: readonly T[]): T => all[randomInt(all.length)] as T;
const running = (): RegistryProcess => pick(processes);

/** What may be answered while processes come and go; anything else is a fault of ours. */
const MAY_BE = new Set([200, 201, 202, 403, 404, 409, 422, 503]);

/** Undefined where the process died before it answered: what was asked may be done, or not. */
const tried = async (asked: () => Promise<Answer>): Promise<Answer | undefined> => {
  const answer = await asked().catch((error: unknown) => {
    if (error instanceof TypeError || (error instanceof Error && /^(5|4)\d\d /.test(error.message)))
      return undefined;
    throw error;
  });
  if (answer !== undefined && !MAY_BE.has(answer.status))
    throw new Error(`${answer.status}: ${answer.bytes.toString('utf8')}`);
  return answer;
};

/** The member, calling whichever process is there. */
const anywhere = (member: Member): Member => ({
  ...member,
  call: (method, path, options) => as(running(), member)(method, path, options),
});

const write = (by: Member): Promise<Answer> => {
  const path = `topic-${randomInt(PATHS)}.md`;
  return propose(by, { files: { [path]: `${Math.random()}` }, more: { confidence: Math.random() } });
};

/** What was acknowledged: contributions that somebody was told are accepted, and as which version. */
const acknowledged = new Map<string, string>();

const review = async (by: Member): Promise<void> => {
  const queue = await tried(() => by.call('GET', '/knowledge/v1/review-queue?limit=50'));
  const items: { contribution_id: string; revision_digest: string }[] = queue?.json?.items ?? [];
  if (items.length === 0) return;
  const item = pick(items);
  const word = pick([...Array(8).fill('accept'), 'reject', 'request_changes', 'fail', 'pass']);
  const answer = await tried(() =>
    word === 'fail' || word === 'pass'
      ? verdict(by, item, word)
      : decide(by, item, word, word === 'accept' ? {} : { reason_code: 'at_random' }),
  );
  if (word !== 'accept' || answer === undefined || answer.status > 202) return;
  acknowledged.set(item.contribution_id, answer.json.knowledge_base_version);
};

let over = false;

const goOn = async (act: () => Promise<unknown>): Promise<void> => {
  while (!over) {
    await act();
    await sleep(randomInt(20));
  }
};

const killNow = async (at: number): Promise<void> => {
  const victim = processes[at % processes.length] as RegistryProcess;
  victim.process.kill('SIGKILL');
  await victim.gone();
  processes[at % processes.length] = await the.start();
};

/** One after the other, each in the midst of what everybody does; then all of it goes on for a while. */
const killSome = async (): Promise<void> => {
  const end = Date.now() + MOST_MS;
  for (let at = 0; at <= KILLS; at += 1) {
    while (acknowledged.size < (at + 1) * KILL_EVERY && Date.now() < end) await sleep(10);
    if (at < KILLS) await killNow(at);
  }
  over = true;
};

const rows = <T extends object>(text: TemplateStringsArray): Promise<readonly T[]> =>
  the.database.sql<T[]>(text) as unknown as Promise<readonly T[]>;

interface MoveRow {
  readonly generation: number;
  readonly from_version: string | null;
  readonly to_version: string;
  readonly told: { readonly generation: number; readonly to_version: string } | null;
}

it('leaves one line of versions, each decision in exactly one of them, and the log knows every move', async () => {
  const [first] = processes;
  if (first === undefined) throw new Error('nothing runs');
  await registerWorkforce(first);
  const steward = await addMember(first, 'human:acme.example:steward');
  await registerBase(steward, { auto_rebase: true, rejection: 'quorum' });
  const reviewers: Member[] = [];
  for (let at = 0; at < REVIEWERS; at += 1)
    reviewers.push(anywhere(await addMember(first, `human:acme.example:reviewer-${at}`)));
  const agents: Member[] = [];
  for (let at = 0; at < AGENTS; at += 1) {
    const owner = steward.id;
    agents.push(anywhere(await addMember(first, `worker:acme.example:claims:agent-${at}`, { owner })));
  }
  await Promise.all([
    killSome(),
    ...agents.map((agent) => goOn(() => tried(() => write(agent)))),
    ...reviewers.map((reviewer) => goOn(() => review(reviewer))),
  ]);

  const versions = await rows<{ id: string; seq: number; parent: string | null; contribution: string }>`
    select id, seq, parent, contribution from knowledge_versions order by seq`;
  expect(versions.length).toBeGreaterThanOrEqual(KILLS * KILL_EVERY);
  expect(versions.map(({ seq }) => seq)).toEqual(versions.map((_, at) => at + 1));
  expect(versions.map(({ parent }) => parent)).toEqual([null, ...versions.slice(0, -1).map(({ id }) => id)]);
  expect(new Set(versions.map(({ contribution }) => contribution)).size).toBe(versions.length);

  const accepted = await rows<{ id: string; resulting: string }>`
    select id, resulting from knowledge_contributions where state = 'accepted'`;
  const byContribution = new Map(versions.map(({ contribution, id }) => [contribution, id]));
  expect(new Map(accepted.map(({ id, resulting }) => [id, resulting]))).toEqual(byContribution);
  for (const [contribution, version] of acknowledged) expect(byContribution.get(contribution)).toBe(version);

  const moves = await rows<MoveRow>`
    select generation, from_version, to_version,
      convert_from(sealed, 'UTF8')::json -> 'data' -> 'payload' as told
    from knowledge_pointer_moves left join events on events.id = event_id order by generation`;
  expect(moves.map(({ to_version }) => to_version)).toEqual(versions.map(({ id }) => id));
  expect(moves.map(({ from_version }) => from_version)).toEqual(versions.map(({ parent }) => parent));
  for (const { generation, to_version, told } of moves)
    expect(told).toMatchObject({ generation, to_version });
  const [base] = await rows<{ current: string; generation: number; last_seq: number }>`
    select current, generation, last_seq from knowledge_bases`;
  expect(base).toEqual({
    current: versions.at(-1)?.id,
    generation: moves.length,
    last_seq: versions.length,
  });
  const inLog = await rows<{ to_version: string }>`
    select convert_from(sealed, 'UTF8')::json #>> '{data,payload,to_version}' as to_version
    from events left join leaves on leaves.event_id = events.id
    where kind = 'KnowledgeBaseCurrentPointerMoved' order by xact, ordinal`;
  expect(inLog.map(({ to_version }) => to_version)).toEqual(versions.map(({ id }) => id));

  const { report } = await checkAll({
    sql: the.database.sql,
    blobs: await openDiskStore(join(the.dataDir, 'blobs')),
    now: () => new Date(),
    progress: () => undefined,
    patienceMs: 5_000,
  })({ sample: 'all' });
  // A process that dies leaves bytes that nobody names yet, and tiles that others have replaced; that is no damage.
  const left = ['blob_unnamed', 'partial_superseded'];
  expect(report.findings().filter(({ code }) => !left.includes(code))).toEqual([]);
}, 120_000);

it('gives the same bytes at one version from either process, whatever came later', async () => {
  const [one, two] = processes;
  const [row] = await rows<{ id: string }>`select id from knowledge_versions order by seq limit 1`;
  if (one === undefined || two === undefined || row === undefined) throw new Error('nothing runs');
  const reader = await addMember(one, 'human:acme.example:reader', {
    operations: ['retrieve'],
    capacities: [],
  });
  const path = `/knowledge/v1/bases/${BASE}/versions/${row.id}/entries?proof=1`;
  const answers = await Promise.all([one, two].map((process) => as(process, reader)('GET', path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(answers[0]?.bytes.equals(answers[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
});
