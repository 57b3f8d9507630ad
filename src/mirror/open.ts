// Wires the room of mirrors: its addresses, its chore, and what it gives to those who serve keys. Long, flat and dull.
import type Router from '@koa/router';
import type { Logger } from 'pino';
import type { Staging } from '../../storage/staging.ts';
import type { Authenticate } from '../access/authenticate.ts';
import { admission } from '../http/admission.ts';
import type { Pace } from '../http/steady.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import { addImportRoutes } from './imports/routes.ts';
import { takeExport } from './imports/take-export.ts';
import { DEFAULT_LIMITS, type SyncLimits } from './limits.ts';
import { addMirrorRoutes, shown } from './routes.ts';
import { openRunner } from './runner.ts';
import { requireOtherRegistry } from './self.ts';
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
  readonly staging: Staging;
  readonly pace: Pace;
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>;
  /** What a simulated world changes about how much a sync may cost, and about its steps. */
  readonly mirroring?: ((deps: MirrorDeps) => MirrorDeps) | undefined;
  readonly limits?: Partial<SyncLimits> | undefined;
}

/** Whoever asked for a sync should not wait long for a process that has room for it. */
const TICK_MS = 5_000;
/** Exports that come in at once: each may be as large as a registry is. */
const IMPORTS = { most: 1, mostOfOne: 1 };

export const openMirror = (the: MirrorRoomDeps) => {
  const deps: MirrorDeps = { ...the, limits: { ...DEFAULT_LIMITS, ...the.limits } };
  const mirror = the.mirroring?.(deps) ?? deps;
  const runner = openRunner({ ...the, sync: syncUpstream(mirror) });
  const otherRegistry = requireOtherRegistry(mirror);
  const upstreams: UpstreamsDeps = { ...the, requireOtherRegistry: otherRegistry, begin: runner.begin };
  return {
    addRoutes: (router: Router): void => {
      addMirrorRoutes(router, {
        add: addUpstream(upstreams),
        remove: removeUpstream(upstreams),
        list: listUpstreams(upstreams),
        read: readUpstream(upstreams),
        flaws: listFlaws(upstreams),
        sync: beginSync(upstreams),
      });
      addImportRoutes(router, {
        ...{ shown, admit: admission(IMPORTS), pace: the.pace },
        takeExport: takeExport({ ...the, mirror, take: runner.take }),
      });
    },
    chores: [{ name: 'mirrors', everyMs: TICK_MS, run: runner.tick }],
    stop: runner.stop,
  };
};
