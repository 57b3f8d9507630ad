// What one sync of one upstream carries along: whom it asks, what it has done, and how it says what is wrong.
import type { Sql } from '../database/connect.ts';
import type { Tree } from '../protocol/faults.ts';
import type { PackName } from '../protocol/pack-id.ts';
import type { KeySource } from './examine.ts';
import { type Flaw, MOST_FLAWS, recordFlaw } from './flaw-store.ts';
import type { FollowDeps } from './follow.ts';
import type { Origin } from './ground-store.ts';
import type { IngestDeps } from './ingest.ts';
import type { Layout, TreeLayout } from './layout.ts';
import type { ListedRow } from './listing.ts';
import { type NotMirrored, SyncEnd } from './trouble.ts';
import type { UpstreamReader } from './upstream-fetch.ts';
import type { UpstreamLog } from './upstream-log.ts';
import { type Progress, setProgress, type UpstreamRow } from './upstream-store.ts';

export interface SyncDeps extends IngestDeps, FollowDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Makes a change visible to readers of every process. */
  readonly announce: (subject: string) => void;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
}

/** One version at its address. */
export interface VersionAt {
  readonly layout: TreeLayout;
  readonly name: PackName;
  readonly row: ListedRow;
}

export type Mutable<T> = { -readonly [name in keyof T]: T[name] };

export interface Run {
  readonly the: SyncDeps;
  readonly upstream: UpstreamRow;
  readonly origin: Origin;
  readonly reader: UpstreamReader;
  readonly layout: Layout;
  readonly keys: KeySource;
  readonly log: UpstreamLog | undefined;
  readonly progress: Mutable<Progress>;
  /** Keys that readers were told of. */
  readonly told: Set<string>;
  /** Flaws that were written down. */
  readonly noted: Record<Flaw['kind'], number>;
  /** Whether all packs are looked at, and not only those that the log names. */
  full: boolean;
  /** Whether anything was yanked, or is not any more. */
  withdrawn: boolean;
  /** Packs that could not be read to their end. */
  unread: number;
  /** Of them, those in a row. */
  failing: number;
  readonly mostFailing: number;
  /** Packs worked on at once. */
  readonly lanes: number;
}

/** Milliseconds; people look at it, nothing depends on it. */
const TELL_EVERY_MS = 1_000;

export const progressTeller = (sql: Sql, url: string) => {
  let told = 0;
  return async (progress: Progress): Promise<void> => {
    if (Date.now() - told < TELL_EVERY_MS) return;
    told = Date.now();
    await setProgress(sql, url, progress);
  };
};

/** Beyond what the list of flaws has room for they are counted, and no more written down. */
export const noteFlaw = async (run: Run, flaw: Flaw): Promise<void> => {
  run.progress.refused += flaw.kind === 'refused' ? 1 : 0;
  if (run.noted[flaw.kind] >= MOST_FLAWS) return;
  run.noted[flaw.kind] += 1;
  await recordFlaw(run.the.sql, run.upstream.url, flaw, run.the.now());
};

export const noteRefusal = (run: Run, tree: Tree, name: string, version: string, why: NotMirrored) =>
  noteFlaw(run, {
    ...{ tree, name, version, kind: 'refused' },
    ...{ code: why.code, message: why.message, evidence: why.evidence },
  });

/** @throws SyncEnd where an upstream does nothing but fail */
export const noteUnread = (run: Run): void => {
  run.unread += 1;
  run.failing += 1;
  if (run.failing >= run.mostFailing) throw new SyncEnd('upstream_failing');
};
