// Sets right what follows from the signed rows and from nothing else, so that no fact can be lost or made up.
import { equalBytes } from '../../keys/bytes.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { LOG_CHECKPOINT_KEY, logTileKey } from '../../storage/object-keys.ts';
import type { Queryable } from '../database/connect.ts';
import { EMPTY_EDGE } from '../protocol/growing-tree.ts';
import { type Head, readHead } from '../transparency/log-store.ts';
import type { LogObject } from '../transparency/log-tiles.ts';
import { edgeObjects } from '../transparency/publish-head.ts';
import { listLogObjects, partialBytes, readPublished, standingOf } from './check/published.ts';
import { readLogObject } from './check/tiles.ts';
import { type Checked, checkAll, type FsckDeps, type FsckOptions } from './fsck.ts';
import { type LogStep, logSteps, type RightEdge } from './log-objects.ts';
import { mendKnowledge } from './mend/knowledge.ts';
import { UpkeepRefused } from './refused.ts';
import { withSealerLock } from './sealer-lock.ts';
import { removeSubtree, type SubtreeRow, straySubtrees, subtreesAt, writeSubtree } from './upkeep-store.ts';

export interface Repaired extends Checked {
  /** What was done, one line each. */
  readonly done: readonly string[];
}

interface Work {
  readonly blobs: BlobStore;
  /** Holds the sealer's lock. */
  readonly session: Queryable;
  readonly tell: (line: string) => void;
}

/** A sealer that was told to stop ends within seconds; one that goes on is not waited for. */
const WAIT_MS = 5_000;

const writeObject = async ({ blobs, tell }: Work, { path, bytes }: LogObject): Promise<void> => {
  const found = await readLogObject(blobs, path);
  if (found !== undefined && equalBytes(found, bytes)) return;
  await blobs.replace(logTileKey(path), bytes);
  tell(`${path}: written again`);
};

const writeHash = async ({ session, tell }: Work, row: SubtreeRow): Promise<void> => {
  const [found] = await subtreesAt(session, row.level, row.position, row.position + 1);
  if (found !== undefined && equalBytes(found.hash, row.hash)) return;
  await writeSubtree(session, row);
  tell(`hash of level ${row.level}, number ${row.position}: written again`);
};

const writeStep = async (the: Work, step: LogStep): Promise<void> => {
  for (const row of step.subtrees) await writeHash(the, row);
  for (const object of step.objects) await writeObject(the, object);
};

const dropStrays = async ({ session, tell }: Work, size: number): Promise<void> => {
  for (const row of await straySubtrees(session, size)) {
    await removeSubtree(session, row);
    tell(`hash of level ${row.level}, number ${row.position}: removed`);
  }
};

/** Incomplete tiles are made again from the right edge, and what a crash left beyond it is dropped. */
const setObjectsRight = async (the: Work, size: number, last: RightEdge): Promise<void> => {
  for await (const object of listLogObjects(the.blobs)) {
    const { path, parsed } = object;
    const standing = standingOf(object, size);
    if (standing === 'covered' && path.includes('.p/'))
      await writeObject(the, { path, bytes: partialBytes(parsed, last) });
    if (standing !== 'left by a crash') continue;
    await the.blobs.delete(logTileKey(path));
    the.tell(`${path}: removed`);
  }
};

const publishAgain = async (the: Work, { checkpoint }: Head, last: RightEdge): Promise<void> => {
  for (const object of edgeObjects(last)) await writeObject(the, object);
  if ((await readPublished(the.blobs)).note === checkpoint) return;
  await the.blobs.replace(LOG_CHECKPOINT_KEY, Buffer.from(checkpoint));
  the.tell(`${LOG_CHECKPOINT_KEY}: published again`);
};

const repairLog = async (the: Work): Promise<void> => {
  const head = await readHead(the.session);
  if (head === undefined) return;
  let last: RightEdge = { edge: EMPTY_EDGE, bundle: [] };
  for await (const step of logSteps(the.session, head.size)) {
    await writeStep(the, step);
    last = step;
  }
  await dropStrays(the, head.size);
  await setObjectsRight(the, head.size, last);
  // Last, so that whoever reads it finds all that it covers.
  await publishAgain(the, head, last);
};

/**
 * What is not the signed tree makes nothing; and where the blob store knows more of the log, or another log, than the
 * database, it may be the store that is right, or the store of another registry: then nothing is touched.
 */
const mayRepair = ({ sound, report }: Checked): boolean =>
  sound && !report.has('log_ahead', 'published_fork', 'published_foreign');

/** Checks, sets right, and checks again, all in one term of the sealer's lock. @throws UpkeepRefused sealer_running */
export const repairAll =
  (the: FsckDeps) =>
  async (options: FsckOptions): Promise<Repaired> => {
    const repaired = await withSealerLock(the.sql, WAIT_MS, async (session) => {
      const done: string[] = [];
      const before = await checkAll(the)(options);
      const tell = (line: string) => void done.push(line);
      if (mayRepair(before)) {
        await repairLog({ blobs: the.blobs, session, tell });
        await mendKnowledge({ ...the, report: before.report, tell });
      }
      return done.length === 0 ? { ...before, done } : { ...(await checkAll(the)(options)), done };
    });
    if (repaired === undefined) throw new UpkeepRefused('sealer_running');
    return repaired;
  };
