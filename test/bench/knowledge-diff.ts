// What two versions of 10,000 entries differ in, beside listing one of them, and beside git on the same trees.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { createBlockStore } from '../../src/knowledge/versions/block-store.ts';
import type { Cid } from '../../src/protocol/cid.ts';
import { diffTrees } from '../../src/protocol/merkle-tree/diff.ts';
import { walkEntries } from '../../src/protocol/merkle-tree/list.ts';
import type { TreeReader } from '../../src/protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { publish } from '../knowledge/world/workforce.ts';
import { baseNamed, type Team } from './knowledge-world.ts';
import { fillBase, pathOf } from './large-base.ts';
import { type Comparison, type Contender, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

const ENTRIES = 10_000;
const CHANGES = 100;
export const COMPARED = baseNamed('compared');

const run = promisify(execFile);

/** One after the other, as in one folder, or as far from each other as they can be. */
const changed = (spread: boolean): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: CHANGES }, (_, at) => [
      pathOf(spread ? (at * ENTRIES) / CHANGES : ENTRIES / 2 + at),
      `Changed ${spread} ${at}`,
    ]),
  );

const timed = (name: string, milliseconds: number, act: () => Promise<unknown>): Contender => ({
  name,
  run: async () => {
    const started = performance.now();
    let done = 0;
    for (; performance.now() - started < milliseconds; done += 1) await act();
    return done / ((performance.now() - started) / 1_000);
  },
});

/** Each time from the database, with nothing kept of the time before. */
const withBlocks = (databaseUrl: string) => {
  const sql = connect({ url: databaseUrl, max: 4 });
  let read = 0;
  const reader = () => {
    const store = createBlockStore(sql, 0);
    const get = (cid: Cid) => {
      read += 1;
      return store.get(cid);
    };
    return { profile: KNOWLEDGE_TREE, blocks: { get } };
  };
  return { sql, reader, blocksRead: () => read };
};

/** Of the version before any change, of one with changes in one folder, and of one with spread changes on top. */
const rootsOf = async (databaseUrl: string): Promise<readonly Cid[]> => {
  const sql = connect({ url: databaseUrl, max: 1 });
  const rows = await sql<{ content: Cid }[]>`
    select content from knowledge_versions where base = ${COMPARED} order by seq`;
  await closeConnection(sql);
  return rows.map(({ content }) => content);
};

const listOf = (reader: () => TreeReader, root: Cid) => async (): Promise<void> => {
  let count = 0;
  for await (const _ of walkEntries(reader(), root)) count += 1;
  if (count !== ENTRIES) throw new Error(`${count} entries`);
};

async function* beside(bench: Bench): AsyncGenerator<Comparison> {
  const { databaseUrl, rounds, milliseconds } = bench;
  const [first, folder, spread] = (await rootsOf(databaseUrl)) as [Cid, Cid, Cid];
  const { sql, reader, blocksRead } = withBlocks(databaseUrl);
  const git = ['diff', '--name-status', 'HEAD~1', 'HEAD'];
  const cases = [
    { where: 'in one folder', from: first, to: folder, floor: 20 },
    { where: 'spread evenly', from: folder, to: spread, floor: undefined },
  ];
  for (const { where, from, to, floor } of cases) {
    const before = blocksRead();
    const found = await diffTrees(reader(), from, to);
    if (found.length !== CHANGES) throw new Error(`${found.length} differences`);
    const blocks = blocksRead() - before;
    const contenders = [
      timed('attestry diff', milliseconds, () => diffTrees(reader(), from, to)),
      timed('listing one of them', milliseconds, listOf(reader, to)),
      timed('git diff', milliseconds, () => run('git', git, { cwd: repository(bench) })),
    ];
    const [ours, list, theirs] = await inTurns(contenders, rounds);
    const what = `diff of two versions of ${ENTRIES} entries with ${CHANGES} changes ${where} (${blocks} blocks read)`;
    yield compare(what, ours, list, floor);
    yield compare(what, ours, theirs);
  }
  await closeConnection(sql);
}

const repository = ({ folder }: Bench): string => join(folder, 'git');

const write = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
};

const GIT = ['-c', 'user.name=bench', '-c', 'user.email=bench@acme.example', '-c', 'core.fsync=all'];

const commit = async (folder: string): Promise<void> => {
  await run('git', ['add', '-A'], { cwd: folder });
  await run('git', [...GIT, 'commit', '-qm', 'bench'], { cwd: folder });
};

const makeRepository = async (bench: Bench): Promise<void> => {
  const folder = repository(bench);
  await mkdir(folder);
  await run('git', ['init', '-q'], { cwd: folder });
  const all = Object.fromEntries(
    Array.from({ length: ENTRIES }, (_, at) => [pathOf(at), 'What everybody needs.\n']),
  );
  await write(folder, all);
  await commit(folder);
  await write(folder, changed(true));
  await commit(folder);
};

/** One change proposed, accepted and sealed, and one changed file committed: each durable before the next. */
async function* acceptBesideCommit(bench: Bench, { author, reviewer }: Team): AsyncGenerator<Comparison> {
  const folder = repository(bench);
  let serial = 0;
  const next = () => {
    serial += 1;
    return { [pathOf(serial)]: `One change ${serial}` };
  };
  const contenders = [
    timed('proposed, accepted and sealed', bench.milliseconds, () =>
      publish(author, reviewer, next(), COMPARED),
    ),
    timed('git add and git commit', bench.milliseconds, async () => {
      await write(folder, next());
      await commit(folder);
    }),
  ];
  const [ours, git] = await inTurns(contenders, bench.rounds);
  yield compare(`one change of ${ENTRIES} entries, one at a time`, ours, git);
}

export async function* benchDiff(bench: Bench, team: Team): AsyncGenerator<Comparison> {
  await fillBase(bench.databaseUrl, COMPARED, ENTRIES);
  for (const spread of [false, true]) await publish(team.author, team.reviewer, changed(spread), COMPARED);
  await makeRepository(bench);
  yield* beside(bench);
  yield* acceptBesideCommit(bench, team);
}
