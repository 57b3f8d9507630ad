// Which packs of an upstream one sync looks at: all that it lists, or those that its log names since the last one.
import { strictObjectOf } from '../client/strict-object.ts';
import type { PackName } from '../protocol/pack-id.ts';
import { changedPacks } from './event-feed.ts';
import type { TreeLayout } from './layout.ts';
import { MOST } from './limits.ts';
import { listNames } from './listing.ts';
import { noteRefusal, type Run } from './run.ts';
import { NotMirrored, SyncEnd } from './trouble.ts';

export interface Job {
  readonly layout: TreeLayout;
  readonly name: PackName;
}

/** Undefined where the tree is not there. */
const jobsOf = async (run: Run, layout: TreeLayout): Promise<readonly Job[] | undefined> => {
  const fetched = await run.reader.get(layout.registryIndex, MOST.index);
  if (fetched.kind !== 'fresh') return undefined;
  const read = strictObjectOf(fetched.body);
  if (!read.ok) throw new SyncEnd('upstream_unusable', `${layout.registryIndex}: ${read.problem.message}`);
  const jobs: Job[] = [];
  for (const { text, name } of listNames(read.object, run.upstream.namespaces)) {
    if (name !== undefined) jobs.push({ layout, name });
    else
      await noteRefusal(
        run,
        layout.tree,
        text,
        '*',
        new NotMirrored('invalid_pack_name', 'No mirror takes packs of that name.'),
      );
  }
  return jobs;
};

/** @throws SyncEnd where there is no index at all */
export const allJobs = async (run: Run): Promise<readonly Job[]> => {
  const found = [];
  for (const layout of run.layout.trees) found.push(await jobsOf(run, layout));
  if (found.every((jobs) => jobs === undefined))
    throw new SyncEnd('upstream_unusable', 'it serves no index of packs');
  return found.flatMap((jobs) => jobs ?? []);
};

/** Nobody proves that a feed is whole: this often all packs are looked at, whatever it said. */
const FULL_EVERY_MS = 24 * 60 * 60_000;

/** Where the last sync came to its end with nothing left over, the log says where to look since. */
const mayFollow = ({ upstream, the }: Run): boolean =>
  upstream.outcome === 'complete' &&
  upstream.flaws === 0 &&
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
