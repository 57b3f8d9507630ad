// A process that takes a key back and is killed at one step: `revoking-process.ts <settings as JSON>`.
import { join } from 'node:path';
import { revokeKey } from '../../src/access/revoke-key.ts';
import { connect } from '../../src/database/connect.ts';
import { type RevokingSettings, revokeDeps } from './revoking.ts';

const { dataDir, databaseUrl, keyId, step, flavour } = JSON.parse(
  process.argv[2] ?? '{}',
) as RevokingSettings;

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('still alive');
};

/** Wraps a step so that the process dies right before it, or right after it was done and before anyone learns of it. */
const dying =
  <A extends readonly unknown[]>(work: (...given: A) => Promise<unknown>) =>
  async (...given: A): Promise<never> => {
    if (flavour === 'not done') die();
    await work(...given);
    return die();
  };

const deps = await revokeDeps(connect({ url: databaseUrl }), join(dataDir, 'keys'), async () => 7);
const steps = {
  announce: { ...deps, announce: () => void dying(async () => undefined)() },
  state: { ...deps, stateRevocation: dying(deps.stateRevocation) },
  reissue: { ...deps, reissueKeyring: dying(deps.reissueKeyring) },
} as const;

await revokeKey(steps[step])(
  { tokenId: 'tok_test', account: 'operator', scopes: ['admin', 'keys:manage'], namespaces: null },
  { keyId, reason: 'stolen', from: 'here' },
);
