// Syncs one upstream: how it is laid out, what its log says, every pack it lists; and how that ended.

import { equalBytes } from '../../keys/bytes.ts';
import { StorageError } from '../../storage/errors.ts';
import { inLanes } from '../../storage/in-lanes.ts';
import { addressOf } from '../client/discovery.ts';
import { Refusal } from '../client/refusal.ts';
import { TransportError } from '../network/transport-error.ts';
import type { KeySource } from './examine.ts';
import type { Origin } from './ground-store.ts';
import { allJobs, changedJobs } from './jobs.ts';
import { type Layout, readLayout } from './layout.ts';
import { isFromFiles, MOST, pauseAfter, type SyncLimits } from './limits.ts';
import { progressTeller, type Run, type SyncDeps } from './run.ts';
import type { SelfDeps } from './self.ts';
import { syncPack } from './sync-pack.ts';
import { SyncEnd } from './trouble.ts';
import { openUpstream, type UpstreamReader } from './upstream-fetch.ts';
import { openUpstreamLog, stopsForGood, type UpstreamLog } from './upstream-log.ts';
import {
  markEnded,
  markImportRefused,
  markStarted,
  NOTHING_DONE,
  type Outcome,
  type Progress,
  type UpstreamRow,
} from './upstream-store.ts';
import { watchKeys } from './watch-keys.ts';

export interface MirrorDeps extends SyncDeps, SelfDeps {
  readonly limits: SyncLimits;
  readonly allowPrivate: boolean;
  readonly reissueWithdrawals: () => Promise<void>;
  /** Reads from there, and asks nobody. */
  readonly from?: Source | undefined;
}

/** What is synced from where no network is. */
export interface Source {
  readonly reader: UpstreamReader;
  /** Undefined where it has no log. Rejects where nothing of it is to be taken. */
  readonly openLog: () => Promise<UpstreamLog | undefined>;
}

const MOST_KEYS_AT_HAND = 1_000;

const keySource = (reader: UpstreamReader, layout: Layout): KeySource => {
  const asked = new Map<string, Promise<Uint8Array | undefined>>();
  const remember = (keyId: string, now: Promise<Uint8Array | undefined>): void => {
    if (asked.size >= MOST_KEYS_AT_HAND) asked.clear();
    asked.set(keyId, now);
  };
  const ask = async (keyId: string): Promise<Uint8Array | undefined> => {
    const fetched = await reader.get(addressOf(layout.publicKey, { keyId }), MOST.key);
    return fetched.kind === 'fresh' ? fetched.body : undefined;
  };
  return {
    keys: layout.keys,
    fetchPem: (keyId) => {
      const before = asked.get(keyId);
      if (before !== undefined) return before;
      const now = ask(keyId);
      remember(keyId, now);
      // What failed is asked again for the next version.
      now.catch(() => asked.delete(keyId));
      return now;
    },
  };
};

const workThrough = async (run: Run): Promise<void> => {
  await watchKeys(run);
  const changed = await changedJobs(run);
  run.full = changed === undefined;
  const jobs = changed ?? (await allJobs(run));
  const tell = progressTeller(run.the.sql, run.upstream.url);
  run.progress.packs = jobs.length;
  // One pack of one tree after the other where both trees have it: the wanted one is there first.
  for (const { tree } of run.layout.trees)
    await inLanes(
      jobs.filter(({ layout }) => layout.tree === tree),
      run.lanes,
      async ({ layout, name }) => {
        await syncPack(run, layout, name);
        run.progress.bytes = run.reader.spent();
        await tell(run.progress);
      },
    );
};

const originOf = ({ url, addedAt, namespaces }: UpstreamRow): Origin => ({
  url,
  actor: `mirror:${new URL(url).host}`,
  since: addedAt,
  isNamed: namespaces !== null,
});

/** An address says nothing of that: one registry may have many. */
const requireOther = ({ headSigner }: MirrorDeps, log: UpstreamLog | undefined): void => {
  if (log?.publicKey === undefined || !equalBytes(log.publicKey, headSigner.vkey().publicKey)) return;
  throw new SyncEnd('upstream_is_this');
};

const openRun = async (the: MirrorDeps, upstream: UpstreamRow, reader: UpstreamReader): Promise<Run> => {
  const layout = await readLayout(reader, upstream.trees);
  const keepsLog = layout.hasLog || upstream.trust !== null;
  const open = the.from?.openLog ?? (() => openUpstreamLog(the.sql, upstream.url, reader, the.now));
  const log = keepsLog || the.from !== undefined ? await open() : undefined;
  requireOther(the, log);
  const origin = originOf(upstream);
  const noted = { refused: 0, alarm: 0 };
  const counted = { told: new Set<string>(), noted, full: true, withdrawn: false, unread: 0, failing: 0 };
  const bounds = { lanes: the.limits.lanes, mostFailing: the.limits.failures };
  const progress = { ...NOTHING_DONE };
  return {
    the,
    upstream,
    origin,
    reader,
    layout,
    keys: keySource(reader, layout),
    log,
    progress,
    ...counted,
    ...bounds,
  };
};

interface Ended {
  readonly outcome: Outcome;
  readonly reason: string | null;
  /** A fault of ours, to be thrown once the ending is written down. */
  readonly broke?: unknown;
}

const PAUSES: ReadonlySet<string> = new Set(['budget_bytes', 'budget_time', 'shutting_down']);

const detailOf = (error: TransportError): string =>
  [error.details['errno'], error.details['status']].filter((each) => each != null).join(' ');

const BROKE = 'sync_broke: This registry failed, and not the upstream; its diagnostics say how.';

/** Nobody asks a file again by himself. */
const brokenOff = ({ from }: MirrorDeps, error: unknown): unknown =>
  from !== undefined && error instanceof SyncEnd && PAUSES.has(error.code)
    ? new SyncEnd('import_broken_off', error.code)
    : error;

/** What an upstream, the network or a full disk may do; everything else is a fault of ours. */
const endedBy = (error: unknown): Ended => {
  if (stopsForGood(error)) return { outcome: 'stopped', reason: `${error.code}: ${error.message}` };
  if (error instanceof SyncEnd)
    return {
      outcome: PAUSES.has(error.code) ? 'partial' : 'failed',
      reason: `${error.code}: ${error.message}`,
    };
  if (error instanceof Refusal) return { outcome: 'failed', reason: `${error.code}: ${error.message}` };
  if (error instanceof TransportError)
    return { outcome: 'failed', reason: `${error.code}: ${error.message} ${detailOf(error)}`.trim() };
  if (error instanceof StorageError) return { outcome: 'failed', reason: `${error.code}: ${error.message}` };
  return { outcome: 'failed', reason: BROKE, broke: error };
};

const endingOf = ({ unread }: Run): Ended =>
  unread === 0
    ? { outcome: 'complete', reason: null }
    : {
        outcome: 'partial',
        reason: `${unread} packs could not be read to their end; they are asked for again.`,
      };

const writeDown = async (
  the: MirrorDeps,
  upstream: UpstreamRow,
  ended: Ended,
  progress: Progress,
  run: Run | undefined,
): Promise<void> => {
  const { outcome, reason } = ended;
  if (outcome === 'failed' && the.from !== undefined && !isFromFiles(upstream)) {
    await markImportRefused(the.sql, upstream, { ...progress, importRefused: reason });
    return;
  }
  const failures = outcome === 'failed' ? upstream.failures + 1 : 0;
  const at = the.now();
  await markEnded(the.sql, upstream, {
    ...{ outcome, reason, failures, at, progress },
    dueAt: new Date(at.getTime() + pauseAfter(failures, outcome === 'partial')),
    logSize: outcome === 'complete' ? (run?.log?.size ?? null) : null,
    fullAt: outcome === 'complete' && run?.full === true ? at : null,
  });
};

/** What was mirrored stays, however it ends: each version was true for itself. */
export const syncUpstream =
  (the: MirrorDeps) =>
  async (upstream: UpstreamRow, quit: AbortSignal): Promise<Ended> => {
    await markStarted(the.sql, upstream.url, the.now(), the.from !== undefined);
    const { url: base } = upstream;
    const { allowPrivate, limits } = the;
    const reader = the.from?.reader ?? openUpstream({ base, allowPrivate, limits, quit });
    let run: Run | undefined;
    const work = async (): Promise<Ended> => {
      run = await openRun(the, upstream, reader);
      await workThrough(run);
      return endingOf(run);
    };
    const withdrawals = async (): Promise<void> => {
      if (run?.withdrawn === true) await the.reissueWithdrawals();
    };
    const { broke, ...ended } = await work()
      .finally(withdrawals)
      .catch((error: unknown) => endedBy(brokenOff(the, error)));
    await writeDown(the, upstream, ended, { ...(run?.progress ?? NOTHING_DONE), bytes: reader.spent() }, run);
    if (broke !== undefined) throw broke;
    return ended;
  };
