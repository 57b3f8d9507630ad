// Acceptances and audited reads of knowledge bases, beside what the database, and the read without its audit, do.
import { once } from 'node:events';
import { join } from 'node:path';
import { publish } from '../knowledge/world/workforce.ts';
import { benchDiff, COMPARED } from './knowledge-diff.ts';
import { benchImport, IMPORTED } from './knowledge-import.ts';
import { baseNamed, makeTeam, proposeMany, type Team } from './knowledge-world.ts';
import { fillBase } from './large-base.ts';
import { measure } from './load.ts';
import { commits } from './publish.ts';
import { type Comparison, type Contender, compare, inTurns } from './rounds.ts';
import { type Bench, startScript } from './service.ts';

/** More than the fastest machine seen accepts in a second, with so many at a time. */
const PER_SECOND = { 8: 500, 16: 600, 256: 1_200 } as const;
const MANY = Array.from({ length: 16 }, (_, at) => baseNamed(`of-many-${at}`));
const ONE = baseNamed('one');
const READ = baseNamed('read');
const SIZES = { small: [100, 1_000, 20_000], large: [100, 10_000, 1_000_000] } as const;
const sizesOf = ({ milliseconds }: Bench) => (milliseconds < 1_000 ? SIZES.small : SIZES.large);
const baseOfSize = (count: number) => baseNamed(`of-${count}-entries`);

const contributionsFor = ({ rounds, milliseconds }: Bench, parallel: keyof typeof PER_SECOND): number =>
  Math.ceil((((rounds + 1) * milliseconds) / 1_000) * PER_SECOND[parallel]);

/** Accepts what was proposed beforehand, for as long as the round lasts. */
const accepting = (
  { service, milliseconds }: Bench,
  name: string,
  requests: Buffer[],
  parallel: number,
): Contender => ({
  name,
  run: async () => {
    const load = { url: service.url, parallel, milliseconds, request: () => requests.pop() };
    const { perSecond, statuses, answers } = await measure(load);
    if (statuses['200'] !== answers) throw new Error(`not every answer was 200: ${JSON.stringify(statuses)}`);
    if (requests.length === 0) throw new Error('the contributions ran out before the time did');
    return perSecond;
  },
});

async function* acceptances(bench: Bench, team: Team): AsyncGenerator<Comparison> {
  const cases = [
    { what: 'acceptances on one base, 16 at a time', bases: [ONE], parallel: 16, connections: 1, floor: 0.1 },
    {
      what: 'acceptances on 16 bases, 16 at a time on each',
      bases: MANY,
      parallel: 256,
      connections: 8,
      floor: 0.06,
    },
  ] as const;
  for (const { what, bases, parallel, connections, floor } of cases) {
    const requests = await proposeMany(team, bench.service.url, bases, contributionsFor(bench, parallel));
    const contenders = [
      accepting(bench, 'attestry', requests, parallel),
      {
        name: `database commits on ${connections} connections`,
        run: () => commits(bench, connections, async () => {}),
      },
    ];
    const [ours, bare] = await inTurns(contenders, bench.rounds);
    yield compare(what, ours, bare, floor);
  }
}

/** Eight at a time on one base take turns, so that the rate is that of the turns and not of the seal. */
async function* sizes(bench: Bench, team: Team): AsyncGenerator<Comparison> {
  const contenders: Contender[] = [];
  for (const count of sizesOf(bench)) {
    const base = baseOfSize(count);
    await fillBase(bench.databaseUrl, base, count);
    const requests = await proposeMany(team, bench.service.url, [base], contributionsFor(bench, 8));
    contenders.push(accepting(bench, `on ${count} entries`, requests, 8));
  }
  const [small, middle, large] = await inTurns(contenders, bench.rounds);
  yield compare('acceptances of a one-entry change', middle, small);
  yield compare('acceptances of a one-entry change', large, small, 0.5);
}

const readRequest = (url: string, token: string): Buffer =>
  Buffer.from(
    `GET /knowledge/v1/bases/${READ}/versions/current/entries/read.md HTTP/1.1\r\n` +
      `Host: ${new URL(url).host}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );

async function* retrievals(bench: Bench, { author, reviewer }: Team): AsyncGenerator<Comparison> {
  const { service, databaseUrl, folder, milliseconds } = bench;
  await publish(author, reviewer, { 'read.md': 'x'.repeat(2_000) }, READ);
  const settings = { dataDir: join(folder, 'data'), databaseUrl, unaudited: true };
  const other = await startScript('../world/child-registry.ts', JSON.stringify(settings));
  const reading = (name: string, url: string): Contender => ({
    name,
    run: async () => {
      const request = readRequest(url, author.token);
      const { perSecond, statuses, answers } = await measure({
        url,
        parallel: 16,
        milliseconds,
        request: () => request,
      });
      if (statuses['200'] !== answers)
        throw new Error(`not every answer was 200: ${JSON.stringify(statuses)}`);
      return perSecond;
    },
  });
  const contenders = [reading('audited', service.url), reading('not recorded at all', other.url)];
  const [ours, bare] = await inTurns(contenders, bench.rounds);
  other.child.kill('SIGTERM');
  await once(other.child, 'exit');
  yield compare('retrievals of a 2 KB document, 16 at a time', ours, bare, 0.4);
}

export async function* benchKnowledge(bench: Bench): AsyncGenerator<Comparison> {
  const team = await makeTeam(bench, [
    ONE,
    READ,
    COMPARED,
    IMPORTED,
    ...MANY,
    ...sizesOf(bench).map(baseOfSize),
  ]);
  yield* retrievals(bench, team);
  yield* acceptances(bench, team);
  yield* sizes(bench, team);
  yield* benchDiff(bench, team);
  yield* benchImport(bench, team);
}
