// Wires the room of mirrors: its addresses, its chore, and what it gives to those who serve keys. Long, flat and dull.
import type Router from '@koa/router';
import type { Logger } from 'pino';
import type { Authenticate } from '../access/authenticate.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import { DEFAULT_LIMITS, type SyncLimits } from './limits.ts';
import { addMirrorRoutes } from './routes.ts';
import { openRunner } from './runner.ts';
import { type MirrorDeps, syncUpstream } from './sync.ts';
import {
  addUpstream,
  beginSync,
  listFlaws,
  listUpstreams,
  readUpstream,
  removeUpstream,
  type UpstreamsDeps,
} from './upstreams.ts';

export interface MirrorRoomDeps
  extends Omit<MirrorDeps, 'limits'>,
    Pick<UpstreamsDeps, 'authenticate' | 'awaitReceipt'> {
  readonly authenticate: Authenticate;
  readonly awaitReceipt: AwaitReceipt;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** What a simulated world changes about how much a sync may cost, and about its steps. */
  readonly mirroring?: ((deps: MirrorDeps) => MirrorDeps) | undefined;
  readonly limits?: Partial<SyncLimits> | undefined;
}

/** Whoever asked for a sync should not wait long for a process that has room for it. */
const TICK_MS = 5_000;

export const openMirror = (the: MirrorRoomDeps) => {
  const deps: MirrorDeps = { ...the, limits: { ...DEFAULT_LIMITS, ...the.limits } };
  const runner = openRunner({ ...the, sync: syncUpstream(the.mirroring?.(deps) ?? deps) });
  const upstreams: UpstreamsDeps = { ...the, begin: runner.begin };
  return {
    addRoutes: (router: Router): void =>
      addMirrorRoutes(router, {
        add: addUpstream(upstreams),
        remove: removeUpstream(upstreams),
        list: listUpstreams(upstreams),
        read: readUpstream(upstreams),
        flaws: listFlaws(upstreams),
        sync: beginSync(upstreams),
      }),
    chores: [{ name: 'mirrors', everyMs: TICK_MS, run: runner.tick }],
    stop: runner.stop,
  };
};
