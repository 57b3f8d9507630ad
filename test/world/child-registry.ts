// A registry in a process of its own, which can be told to die by kill -9 at one step of a publish or of sealing.
import { once } from 'node:events';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import type { PublishDeps } from '../../src/packs/publish.ts';
import type { SealSteps } from '../../src/transparency/sealer.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { type CrashPoint, SEAL_STEPS } from './processes.ts';
import { testConfig } from './registry.ts';

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
};

/** Wraps a step so that the process dies right before it, or right after it was done and before anyone learns of it. */
const dying =
  <A extends readonly unknown[], R>(step: (...given: A) => Promise<R>, flavour: CrashPoint['flavour']) =>
  async (...given: A): Promise<R> => {
    if (flavour === 'not done') die();
    await step(...given);
    return die();
  };

const withCrash = (deps: PublishDeps, { step, flavour }: CrashPoint): PublishDeps => {
  const blobs: BlobStore = deps.blobs;
  switch (step) {
    case 'authenticate':
      return { ...deps, authenticate: dying(deps.authenticate, flavour) };
    case 'receive':
      return { ...deps, staging: { ...deps.staging, receive: dying(deps.staging.receive, flavour) } };
    case 'look up the key':
      return { ...deps, delegatedKey: dying(deps.delegatedKey, flavour) };
    case 'store the blob':
      return { ...deps, blobs: { ...blobs, put: dying(blobs.put, flavour) } };
    case 'commit':
      return { ...deps, insertVersion: dying(deps.insertVersion, flavour) };
    case 'announce':
      return { ...deps, announce: (subject) => void dying(async () => deps.announce(subject), flavour)() };
    default:
      return deps;
  }
};

let armed = false;
process.on('SIGUSR2', () => {
  armed = true;
});

const isSealStep = (step: CrashPoint['step']): step is (typeof SEAL_STEPS)[number] =>
  (SEAL_STEPS as readonly string[]).includes(step);

const withSealCrash = (steps: SealSteps, { step, flavour }: CrashPoint): SealSteps => {
  if (!isSealStep(step)) return steps;
  const honest = steps[step] as (...given: unknown[]) => Promise<unknown>;
  const deadly = dying(async (...given: unknown[]) => honest(...given), flavour);
  return { ...steps, [step]: (...given: unknown[]) => (armed ? deadly(...given) : honest(...given)) };
};

/** Only the doorbell may tell these processes of one another's commits. */
const NEVER = 2 ** 31 - 1;

const { dataDir, databaseUrl, crash } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly crash?: CrashPoint;
};

const publishing = (deps: PublishDeps): PublishDeps => (crash === undefined ? deps : withCrash(deps, crash));
const registry = await compose(testConfig(dataDir, databaseUrl), pino({ level: 'silent' }), {
  publishing,
  sealing: (steps) => (crash === undefined ? steps : withSealCrash(steps, crash)),
  freshnessCheckMs: NEVER,
});
registry.server.listen(0, '127.0.0.1');
await once(registry.server, 'listening');
process.stdout.write(`${registry.url()}\n`);
process.once('SIGTERM', async () => {
  registry.server.closeAllConnections();
  registry.server.close();
  await registry.close();
});
