// Acceptances and audited reads of knowledge bases, beside what the database, the read without its audit, and git do.

import { baseNamed, makeTeam, proposeMany } from './knowledge-world.ts';
import { measure } from './load.ts';
import { commits } from './publish.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

/** More than the fastest machine seen accepts in a second. */
const PER_SECOND = 500;

async function* acceptances(bench: Bench): AsyncGenerator<Comparison> {
  const { service, rounds, milliseconds } = bench;
  const many = Array.from({ length: 16 }, (_, at) => baseNamed(`of-many-${at}`));
  const team = await makeTeam(bench, [baseNamed('one'), ...many]);
  const cases = [
    { what: 'acceptances on one base', bases: [baseNamed('one')], parallel: 8, connections: 1, floor: 0.1 },
    { what: 'acceptances on 16 bases', bases: many, parallel: 16, connections: 8, floor: 0.06 },
  ];
  for (const { what, bases, parallel, connections, floor } of cases) {
    const seconds = ((rounds + 1) * milliseconds) / 1_000;
    const requests = await proposeMany(team, service.url, bases, Math.ceil(seconds * PER_SECOND));
    const run = async () => {
      const { perSecond, statuses, answers } = await measure({
        url: service.url,
        parallel,
        milliseconds,
        request: () => requests.pop(),
      });
      if (statuses['200'] !== answers)
        throw new Error(`not every answer was 200: ${JSON.stringify(statuses)}`);
      if (requests.length === 0) throw new Error('the contributions ran out before the time did');
      return perSecond;
    };
    const contenders = [
      { name: 'attestry', run },
      {
        name: `database commits on ${connections} connections`,
        run: () => commits(bench, connections, async () => {}),
      },
    ];
    const [ours, bare] = await inTurns(contenders, rounds);
    yield compare(what, ours, bare, floor);
  }
}

export async function* benchKnowledge(bench: Bench): AsyncGenerator<Comparison> {
  yield* acceptances(bench);
}
