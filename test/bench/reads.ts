// Reads of a manifest and a 4 KB tarball, beside bare node:http serving the same bytes.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { addressOf } from '../world/publisher.ts';
import { getRequest, measure } from './load.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import { type Bench, startScript } from './service.ts';

const NAME = 'vendor.bench.read';
const PARALLEL = 32;
const FLOOR = 0.35;

export async function* benchReads({ service, rounds, milliseconds }: Bench): AsyncGenerator<Comparison> {
  const body = await service.publisher.pack({ name: NAME, files: { 'README.md': randomBytes(2_200) } });
  await service.call('PUT', addressOf(NAME), { body });
  const paths = {
    'a version manifest': addressOf(NAME, '1.0.0', 'v1', 'json'),
    'a 4 KB tarball': addressOf(NAME),
  };
  const documents = await Promise.all(
    Object.values(paths).map(async (path) => [
      path,
      (await service.call('GET', path)).bytes.toString('base64'),
    ]),
  );
  const bare = await startScript('./bare-server.ts', JSON.stringify(documents));
  const rate = (url: string, path: string) => async () => {
    const request = getRequest(url, path);
    const { perSecond, statuses, answers } = await measure({
      url,
      parallel: PARALLEL,
      milliseconds,
      request: () => request,
    });
    if (statuses['200'] !== answers) throw new Error(`not every answer was 200: ${JSON.stringify(statuses)}`);
    return perSecond;
  };
  for (const [what, path] of Object.entries(paths)) {
    const size = (await service.call('GET', path)).bytes.length;
    const contenders = [
      { name: 'attestry', run: rate(service.url, path) },
      { name: 'bare node:http', run: rate(bare.url, path) },
    ];
    const [ours, bareRate] = await inTurns(contenders, rounds);
    yield compare(`reads of ${what} (${size} bytes, ${PARALLEL} connections)`, ours, bareRate, FLOOR);
  }
  bare.child.kill();
  await once(bare.child, 'exit');
}
