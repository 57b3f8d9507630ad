// Whole client verifications of one version, network apart, beside bare native Ed25519 over the same manifest.
import { createPublicKey, verify } from 'node:crypto';
import {
  httpTransport,
  memoryTrustStore,
  openRegistry,
  type Transport,
  verifyVersion,
} from '../../src/client/index.ts';
import { addressOf } from '../world/publisher.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

const NAME = 'vendor.bench.verified';
const BATCH = 20;

/** Asks each address once and answers from memory ever after. */
const remembering = (through: Transport): Transport => {
  const known = new Map<string, ReturnType<Transport['get']>>();
  const get: Transport['get'] = (url, rules) => {
    const answer = known.get(url) ?? through.get(url, rules);
    known.set(url, answer);
    return answer;
  };
  return { ...through, get };
};

const rateOf = (milliseconds: number, work: () => Promise<void> | void) => async () => {
  let done = 0;
  const started = performance.now();
  for (; performance.now() - started < milliseconds; done += BATCH)
    for (let each = 0; each < BATCH; each += 1) await work();
  return done / ((performance.now() - started) / 1_000);
};

export async function* benchVerify({ service, rounds, milliseconds }: Bench): AsyncGenerator<Comparison> {
  await service.call('PUT', addressOf(NAME), {
    body: await service.publisher.pack({ name: NAME, files: { 'README.md': 'x'.repeat(6_400) } }),
  });
  const registry = await openRegistry({
    url: service.url,
    transport: remembering(httpTransport({ registry: service.url })),
    store: memoryTrustStore(),
  });
  const { files } = await verifyVersion({ registry })(NAME, '1.0.0');
  const [manifest, signature] = [files.get('pack.json'), files.get('keys/pack.json.sig')];
  if (manifest === undefined || signature === undefined)
    throw new Error('the pack lacks what was put into it');
  const key = createPublicKey(service.publisher.publicKeyPem);
  const contenders = [
    {
      name: 'attestry client',
      run: rateOf(milliseconds, async () => void (await verifyVersion({ registry })(NAME, '1.0.0'))),
    },
    {
      name: 'bare native Ed25519',
      run: rateOf(milliseconds, () => void verify(null, manifest, key, signature)),
    },
  ];
  const [ours, native] = await inTurns(contenders, rounds);
  yield compare('client verifications of a pack, answers from memory', ours, native);
}
