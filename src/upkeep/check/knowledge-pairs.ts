// Puts what trees have beside what the index has: at every path of a version, or where it differs from the one below it.
import type { Tx } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { walkContent } from '../../protocol/knowledge/content-walk.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { compareAsBytes } from '../../protocol/knowledge-path.ts';
import type { Difference } from '../../protocol/merkle-tree/diff.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { type IndexRow, indexAt, indexTurns } from '../content-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Pair } from './knowledge-entries.ts';

interface Placed {
  readonly base: BaseId;
  readonly seq: number;
}

type Walked = { readonly path: string; readonly cid: Cid };

async function* entriesIn(blocks: BlockSource, content: Cid): AsyncGenerator<Walked, void, undefined> {
  for await (const step of walkContent(blocks, content)) if (step.kind === 'entry') yield step;
}

const indexOf = (tx: Tx, { base, seq }: Placed): AsyncGenerator<IndexRow, void, undefined> =>
  rowsBehind<IndexRow, Pick<IndexRow, 'path' | 'from_seq'>>(
    { path: '', from_seq: 0 },
    (after) => indexAt(tx, base, seq, after),
    (row) => row,
  );

/** All of them in the order of their paths; of a path that the index has twice, the second stands alone. */
export async function* allPairs(
  tx: Tx,
  blocks: BlockSource,
  version: Placed & { readonly content: Cid },
): AsyncGenerator<Pair, void, undefined> {
  const [entries, rows] = [entriesIn(blocks, version.content), indexOf(tx, version)];
  let [entry, row] = [(await entries.next()).value, (await rows.next()).value];
  while (entry || row) {
    const order = !entry ? 1 : !row ? -1 : compareAsBytes(entry.path, row.path);
    const path = (order <= 0 ? entry?.path : row?.path) ?? '';
    yield {
      path,
      cid: order <= 0 ? entry?.cid : undefined,
      row: (order >= 0 ? row : undefined) || undefined,
    };
    if (order <= 0) entry = (await entries.next()).value;
    if (order >= 0) row = (await rows.next()).value;
  }
}

export interface TurningPairs {
  /** What the version below has and this one no more. */
  readonly ended: readonly Pair[];
  readonly begun: readonly Pair[];
}

/** @param differences of a version from the one below it */
export const turningPairs = async (
  tx: Tx,
  { base, seq }: Placed,
  differences: readonly Difference[],
): Promise<TurningPairs> => {
  const paths = differences.map(({ path }) => path);
  const rows = await indexTurns(tx, base, seq, paths);
  const side = (of: 'before' | 'after', turn: 'to_seq' | 'from_seq') =>
    differences.map((each): Pair => {
      const row = rows.find(({ path, [turn]: at }) => path === each.path && at === seq);
      return { path: each.path, cid: each[of] ?? undefined, row };
    });
  return { ended: side('before', 'to_seq'), begun: side('after', 'from_seq') };
};
