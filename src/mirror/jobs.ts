// Which packs of an upstream one sync looks at: all that it lists, or those that its log names since the last one.
import { addressOf } from '../client/discovery.ts';
import type { PackName } from '../protocol/pack-id.ts';
import { boundedObjectOf } from './bounded-json.ts';
import { changedPacks } from './event-feed.ts';
import { clearUnlistedPacks } from './flaw-store.ts';
import type { TreeLayout } from './layout.ts';
import { MOST } from './limits.ts';
import { listNames } from './listing.ts';
import { noteRefusal, type Run } from './run.ts';
import { NotMirrored, SyncEnd } from './trouble.ts';
import { forgetUnlisted } from './upstream-store.ts';

export interface Job {
  readonly layout: TreeLayout;
  readonly name: PackName;
}

interface Index {
  readonly jobs: readonly Job[];
  /** Names of which no mirror takes packs. */
  readonly odd: readonly string[];
}

/** Nobody looks at more of what is not even a name. */
const MOST_ODD = 100;

/** Undefined where the tree is not there. */
const readIndex = async (run: Run, layout: TreeLayout): Promise<Index | undefined> => {
  const fetched = await run.reader.get(layout.registryIndex, MOST.index);
  if (fetched.kind !== 'fresh') return undefined;
  const read = boundedObjectOf(fetched.body);
  if (!read.ok) throw new SyncEnd('upstream_unusable', `${layout.registryIndex}: ${read.problem.message}`);
  const listed = listNames(read.object, run.upstream.namespaces);
  const why = new NotMirrored('invalid_pack_name', 'No mirror takes packs of that name.');
  const odd = listed.flatMap(({ text, name }) => (name === undefined ? text : []));
  for (const text of odd.slice(0, MOST_ODD)) await noteRefusal(run, layout.tree, text, '*', why);
  return { jobs: listed.flatMap(({ name }) => (name === undefined ? [] : { layout, name })), odd };
};

/** What was remembered of packs that upstream does not list any more would grow without end. */
const forget = async (run: Run, found: readonly Index[]): Promise<void> => {
  const { the, upstream } = run;
  const jobs = found.flatMap(({ jobs: all }) => all);
  const paths = jobs.map(({ layout, name }) => addressOf(layout.packMetadata, { name }));
  await forgetUnlisted(the.sql, upstream.url, paths);
  const names = [...jobs.map(({ name }) => name), ...found.flatMap(({ odd }) => odd)];
  await clearUnlistedPacks(the.sql, upstream.url, names);
};

/** @throws SyncEnd where there is no index at all */
export const allJobs = async (run: Run): Promise<readonly Job[]> => {
  const found = [];
  for (const layout of run.layout.trees) found.push(await readIndex(run, layout));
  const there = found.filter((index) => index !== undefined);
  if (there.length === 0) throw new SyncEnd('upstream_unusable', 'it serves no index of packs');
  await forget(run, there);
  return there.flatMap(({ jobs }) => jobs);
};

/** Nobody proves that a feed is whole: this often all packs are looked at, whatever it said. */
const FULL_EVERY_MS = 24 * 60 * 60_000;

/** Where the last sync came to its end with nothing left over, the log says where to look since. */
const mayFollow = ({ upstream, the }: Run): boolean =>
  upstream.outcome === 'complete' &&
  upstream.flaws === upstream.inOtherTree &&
  upstream.fullAt !== null &&
  the.now().getTime() - upstream.fullAt.getTime() < FULL_EVERY_MS;

/** Undefined where all packs have to be looked at. What is new is proven by itself, wherever the hint came from. */
export const changedJobs = async (run: Run): Promise<readonly Job[] | undefined> => {
  const { log, upstream } = run;
  if (log === undefined || upstream.logSize === null || !mayFollow(run)) return undefined;
  if (log.size === upstream.logSize) return [];
  const names = await changedPacks(run.reader, upstream.logSize, log.size);
  if (names === undefined) return undefined;
  const listed = listNames({ packs: [...names] }, upstream.namespaces);
  return listed.flatMap(({ name }) =>
    name === undefined ? [] : run.layout.trees.map((layout) => ({ layout, name })),
  );
};
