// A registry in a process of its own, which can be told to die by kill -9 at one step of a publish, an acceptance or sealing.
import { once } from 'node:events';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import type { PublishDeps } from '../../src/packs/publish/publish.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { CrashPoint } from './processes.ts';
import { testConfig } from './registry.ts';

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
};

let armed = false;
process.on('SIGUSR2', () => {
  armed = true;
  process.stdout.write('armed\n');
});

/**
 * Wraps a step so that the process, once it is armed, dies right before it, or right after it was done and before
 * anyone learns of it.
 */
const dying =
  <A extends readonly unknown[], R>(step: (...given: A) => R, flavour: CrashPoint['flavour']) =>
  (...given: A): R => {
    if (!armed) return step(...given);
    if (flavour === 'not done') return die();
    return Promise.resolve(step(...given)).then(die) as R;
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
      return { ...deps, announce: dying(deps.announce, flavour) };
    default:
      return deps;
  }
};

type Steps = Readonly<Record<string, unknown>>;

/** The steps of a work with the one at which the process dies. */
const withStepCrash = <T extends object>(steps: T, { step, flavour }: CrashPoint): T => {
  const own = (steps as Steps)[step] as (...given: unknown[]) => unknown;
  return { ...steps, [step]: dying(own, flavour) };
};

/** In tests only the doorbell may tell these processes of one another's commits. */
const NEVER = 2 ** 31 - 1;

const { dataDir, databaseUrl, crash, unaudited, freshnessCheckMs } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly crash?: CrashPoint;
  /** Gives knowledge out without recording it, to measure what recording costs. */
  readonly unaudited?: boolean;
  readonly freshnessCheckMs?: number;
};

const dies = (work: CrashPoint['work']): CrashPoint | undefined => (crash?.work === work ? crash : undefined);
const [publishCrash, sealCrash, acceptCrash] = [dies('publishing'), dies('sealing'), dies('accepting')];
const registry = await compose(testConfig(dataDir, databaseUrl), pino({ level: 'silent' }), {
  publishing: (deps) => (publishCrash === undefined ? deps : withCrash(deps, publishCrash)),
  sealing: (steps) => (sealCrash === undefined ? steps : withStepCrash(steps, sealCrash)),
  accepting: (deps) => (acceptCrash === undefined ? deps : withStepCrash(deps, acceptCrash)),
  ...(unaudited === true ? { recordRead: () => async () => ({ token_ok: true, principal_ok: true }) } : {}),
  freshnessCheckMs: freshnessCheckMs ?? NEVER,
});
registry.server.listen(0, '127.0.0.1');
await once(registry.server, 'listening');
process.stdout.write(`${registry.url()}\n`);
process.once('SIGTERM', async () => {
  await registry.drain(10_000);
  await registry.close();
});
