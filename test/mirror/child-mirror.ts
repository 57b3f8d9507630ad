// A registry in a process of its own that mirrors, and dies by kill -9 at one step of its third version if told to.
import { once } from 'node:events';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import type { MirrorDeps } from '../../src/mirror/sync.ts';
import { testConfig } from '../world/registry.ts';

export type Step = 'store the bytes' | 'commit' | 'announce';

const { dataDir, databaseUrl, step } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** Undefined: it lives on, and says on standard error what it holds for an error. */
  readonly step?: Step;
};

const DIES_AT = 3;
let reached = 0;

const dieInTime = (): void => {
  reached += 1;
  if (reached === DIES_AT) process.kill(process.pid, 'SIGKILL');
};

/** Right before the step; the events of a version are written inside its commit. */
const dying = (deps: MirrorDeps): MirrorDeps => {
  if (step === undefined) return deps;
  const die = dieInTime;
  if (step === 'store the bytes')
    return {
      ...deps,
      blobs: {
        ...deps.blobs,
        put: (key, source) => {
          die();
          return deps.blobs.put(key, source);
        },
      },
    };
  if (step === 'commit')
    return {
      ...deps,
      append: async (tx, facts) => {
        const event = await deps.append(tx, facts);
        if (facts.kind === 'mirror.ingested') die();
        return event;
      },
    };
  return {
    ...deps,
    announce: (subject) => {
      if (subject.startsWith('pack:')) die();
      deps.announce(subject);
    },
  };
};

const registry = await compose(
  testConfig(dataDir, databaseUrl, { allowPrivateAddresses: true }),
  pino({ level: step === undefined ? 'error' : 'silent' }, pino.destination(2)),
  { mirroring: dying },
);
registry.server.listen(0, '127.0.0.1');
await once(registry.server, 'listening');
process.stdout.write(`${registry.url()}\n`);
