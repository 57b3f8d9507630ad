// Searches among many packs beside Postgres's own time for the same questions, and what many packs make of a publish and of the index.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';
import { indexedAfter } from '../../src/packs/discover/index-store.ts';
import { type Query, questionOf } from '../../src/packs/discover/question.ts';
import { searchPacks } from '../../src/packs/discover/search.ts';
import { type Row, rowOf, seedListed } from '../world/pack-rows.ts';
import { addressOf } from '../world/publisher.ts';
import { getRequest, measure, putRequest } from './load.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import { type Bench, type Service, startService } from './service.ts';

const SMALL = 100;
const SEEDED_AT_ONCE = 1_000;
const PARALLEL = 8;
/** More than the fastest machine seen publishes in a second. */
const PACKS_PER_SECOND = 1_000;
/** p95 at most three times that of Postgres; a publish among many packs at most half as long again as among few. */
const FLOORS = { search: 1 / 3, publish: 0.67 } as const;

const SYLLABLES = ['ka', 'lo', 'mi', 'ter', 'sun', 'vor', 'pel', 'dra', 'qui', 'nex', 'os', 'hem'];
/** The same word for the same number in every run. */
const wordOf = (number: number): string =>
  [number % 12, Math.floor(number / 12) % 12, Math.floor(number / 144) % 12]
    .map((at) => SYLLABLES[at])
    .join('');

const KINDS = ['node', 'node', 'workflow-chain', 'prompt'];

const packOf = (number: number): Row => {
  const [org, first, second] = [wordOf(number % 500), wordOf(number * 7), wordOf(number * 13 + 5)];
  const name = `vendor.${org}.${first}-${number}`;
  const kind = KINDS[number % KINDS.length] ?? 'node';
  const [nodes, chains, prompts] = [
    [{ typeId: `${name}.${second}` }, { typeId: `${name}.run` }],
    [{ chainId: `${name}.chain` }],
    [{ templateId: `${name}.ask` }],
  ];
  const content = kind === 'node' ? { nodes } : kind === 'prompt' ? { prompts } : { chains };
  const description = `Brings ${first} and ${second} to ${org}, and ${wordOf(number * 31)} to everybody else.`;
  return rowOf(name, {
    manifest: { kind, description, keywords: [first, second], license: 'MIT', ...content },
  });
};

const seed = async (sql: Sql, count: number): Promise<void> => {
  for (let from = 0; from < count; from += SEEDED_AT_ONCE) {
    const most = Math.min(SEEDED_AT_ONCE, count - from);
    await seedListed(
      sql,
      Array.from({ length: most }, (_, at) => packOf(from + at)),
    );
  }
  await sql`vacuum analyze`;
};

/** What people look for: rare words, common ones, several, beginnings, errors, filters, and everything there is. */
const questions = (count: number): readonly Record<string, string>[] => [
  { q: wordOf(77) },
  { q: 'brings everybody' },
  { q: `${wordOf(14)} ${wordOf(31)}` },
  { q: 'kal' },
  { q: packOf(Math.floor(count / 2)).name },
  { q: `vendr.${wordOf(3).slice(1)}` },
  { q: 'vendor', kind: 'prompt' },
  { keyword: wordOf(21) },
  { q: '' },
];

const p95 = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;

/** Runs questions one after the other. @returns the rate that the slowest twentieth would come to */
const askPostgres = async (sql: Sql, all: readonly Query[], milliseconds: number): Promise<number> => {
  const times: number[] = [];
  const started = performance.now();
  for (let next = 0; performance.now() - started < milliseconds; next += 1) {
    const before = performance.now();
    await searchPacks(sql, questionOf('v1', all[next % all.length] ?? {}, 50));
    times.push(performance.now() - before);
  }
  return 1_000 / p95(times);
};

const askOverHttp = async (
  service: Service,
  all: readonly Record<string, string>[],
  milliseconds: number,
) => {
  const requests = all.map((each) =>
    getRequest(service.url, `/v1/packs/-/search?${new URLSearchParams(each)}`),
  );
  const {
    p95: slow,
    statuses,
    answers,
  } = await measure({
    url: service.url,
    parallel: 1,
    milliseconds,
    request: (index) => requests[index % requests.length],
  });
  if (statuses['200'] !== answers) throw new Error(`not every answer was 200: ${JSON.stringify(statuses)}`);
  return 1_000 / slow;
};

interface Place {
  readonly service: Service;
  readonly sql: Sql;
  readonly packs: Buffer[];
}

/** A registry of its own with so many packs, and some to publish. */
const open = async (bench: Bench, name: string, count: number): Promise<Place> => {
  const server = connect({ url: bench.databaseUrl, max: 1 });
  await server`create database ${server(name)}`;
  await closeConnection(server);
  const address = new URL(bench.databaseUrl);
  address.pathname = `/${name}`;
  const service = await startService(join(bench.folder, name), address.href);
  const sql = connect({ url: address.href, max: 1 });
  // Many rows at once take longer than anybody's request may.
  await sql`set statement_timeout = 0`;
  await seed(sql, count);
  const seconds = ((bench.rounds + 1) * bench.milliseconds) / 1_000;
  const packs: Buffer[] = [];
  for (let number = 0; number < Math.ceil(seconds * PACKS_PER_SECOND); number += 1) {
    const pack = `vendor.bench.p${number}`;
    const body = await service.publisher.pack({ name: pack, files: { 'README.md': randomBytes(6_400) } });
    packs.push(putRequest(service.url, addressOf(pack), service.operatorToken, body));
  }
  return { service, sql, packs };
};

const publishRate = async ({ service, packs }: Place, milliseconds: number): Promise<number> => {
  const { perSecond, statuses, answers } = await measure({
    url: service.url,
    parallel: PARALLEL,
    milliseconds,
    request: () => packs.pop(),
  });
  if (statuses['201'] !== answers) throw new Error(`not every answer was 201: ${JSON.stringify(statuses)}`);
  return perSecond;
};

/** From a change to the whole index that knows it. */
const indexRate = async ({ service }: Place): Promise<number> => {
  const name = `vendor.bench.i${randomBytes(6).toString('hex')}`;
  await service.call('PUT', addressOf(name), { body: await service.publisher.pack({ name }) });
  const before = performance.now();
  const answer = await service.call('GET', '/v1/index.json', { headers: { 'Accept-Encoding': 'identity' } });
  const seconds = (performance.now() - before) / 1_000;
  if (!answer.bytes.includes(`"${name}"`)) throw new Error('the index does not know what was published');
  return 1 / seconds;
};

const selectRate = async ({ sql }: Place): Promise<number> => {
  const before = performance.now();
  await indexedAfter(sql, 'v1', '', 1_000_000);
  return 1_000 / (performance.now() - before);
};

async function* contests(bench: Bench, few: Place, many: Place): AsyncGenerator<Comparison> {
  const { rounds, milliseconds, packs } = bench;
  const all = questions(packs);
  const [asked, bare] = await inTurns(
    [
      { name: 'attestry, over HTTP', run: () => askOverHttp(many.service, all, milliseconds * 2) },
      { name: 'Postgres, the same questions', run: () => askPostgres(many.sql, all, milliseconds * 2) },
    ],
    rounds,
  );
  yield compare(`p95 of searches among ${packs} packs, as a rate`, asked, bare, FLOORS.search);

  const [large, small] = await inTurns(
    [
      { name: `among ${packs} packs`, run: () => publishRate(many, milliseconds) },
      { name: `among ${SMALL} packs`, run: () => publishRate(few, milliseconds) },
    ],
    rounds,
  );
  yield compare(`sealed publishes, ${PARALLEL} at a time`, large, small, FLOORS.publish);

  const [index, select] = await inTurns(
    [
      { name: 'attestry, over HTTP', run: () => indexRate(many) },
      { name: 'one select of all its rows', run: () => selectRate(many) },
    ],
    rounds,
  );
  yield compare(`the whole index of ${packs} packs after a publish`, index, select);
}

export async function* benchSearch(bench: Bench): AsyncGenerator<Comparison> {
  const few = await open(bench, 'search_few', SMALL);
  const many = await open(bench, 'search_many', bench.packs);
  try {
    yield* contests(bench, few, many);
  } finally {
    for (const { service, sql } of [few, many]) {
      await closeConnection(sql);
      await service.stop();
    }
  }
}
