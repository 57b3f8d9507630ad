// Makes the index of a base's entries again from the trees of its versions, all of it at once or nothing.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { lockBase } from '../../knowledge/bases/base-store.ts';
import { changeEntries } from '../../knowledge/versions/entry-store.ts';
import type { EntryChange } from '../../knowledge/versions/row-texts.ts';
import { type Cid, cidOf } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { walkContent } from '../../protocol/knowledge/content-walk.ts';
import { decodeEntry, type Entry } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { versionCid } from '../../protocol/knowledge/version.ts';
import { compareAsBytes, type KnowledgePath } from '../../protocol/knowledge-path.ts';
import { type Difference, diffTrees } from '../../protocol/merkle-tree/diff.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { dropEntries, type MendedVersion, versionsAbove, withoutLimits } from '../mending-store.ts';
import { inBatches, rowsBehind } from '../pages.ts';
import { blocksAhead, blocksOneByOne, readBlocks } from '../stored-blocks.ts';
import type { MendDeps } from './mend.ts';

const AT_ONCE = 256;

/** What stands at a path now; null: nothing does. */
type Turn = Pick<Difference, 'path' | 'after'>;

type Walked = { readonly path: KnowledgePath; readonly cid: Cid };

async function* entriesOf(tx: Tx, content: Cid | undefined): AsyncGenerator<Walked, void, undefined> {
  if (content === undefined) return;
  for await (const step of walkContent(blocksAhead(tx), content)) if (step.kind === 'entry') yield step;
}

/** Both read to the end, side by side: however much differs, nothing is held. */
async function* turnsByWalk(tx: Tx, from: Cid | undefined, to: Cid): AsyncGenerator<Turn, void, undefined> {
  const [olds, news] = [entriesOf(tx, from), entriesOf(tx, to)];
  let [old, now] = [(await olds.next()).value, (await news.next()).value];
  while (old || now) {
    const order = !old ? 1 : !now ? -1 : compareAsBytes(old.path, now.path);
    if (order < 0 && old) yield { path: old.path, after: null };
    else if (now && !(order === 0 && old?.cid === now.cid)) yield { path: now.path, after: now.cid };
    if (order <= 0) old = (await olds.next()).value;
    if (order >= 0) now = (await news.next()).value;
  }
}

/** Trees that differ in more are read whole. */
const MAX_DIFFERING_BLOCKS = 10_000;

async function* turnsBetween(tx: Tx, from: Cid | undefined, to: Cid): AsyncGenerator<Turn, void, undefined> {
  const reader = { profile: KNOWLEDGE_TREE, blocks: blocksOneByOne(tx) };
  const limits = { maxBlocks: MAX_DIFFERING_BLOCKS };
  const few =
    from === undefined
      ? undefined
      : await diffTrees(reader, from, to, limits).catch((error: unknown) => {
          if (error instanceof ContentError && error.code === 'diff_too_large') return undefined;
          throw error;
        });
  yield* few ?? turnsByWalk(tx, from, to);
}

const entryWith = (cid: Cid, bytes: Uint8Array | undefined): Entry => {
  if (bytes === undefined) throw new ContentError('block_missing', { cid });
  const found = cidOf('dag-cbor', bytes);
  if (found !== cid) throw new ContentError('block_mismatch', { expected: cid, found });
  return decodeEntry(bytes);
};

const changesOf = async (tx: Tx, turns: readonly Turn[]): Promise<readonly EntryChange[]> => {
  const blocks = await readBlocks(tx, [...new Set(turns.flatMap(({ after }) => after ?? []))]);
  return turns.map(({ path, after }) => ({
    path,
    entry: after === null ? null : entryWith(after, blocks.get(after)),
  }));
};

/** What does not hash to its name may name another tree. */
const requireManifest = ({ id, manifest }: MendedVersion): void => {
  const found = versionCid(manifest);
  if (found !== id) throw new ContentError('block_mismatch', { expected: id, found });
};

const fill = async (tx: Tx, base: BaseId): Promise<void> => {
  let below: MendedVersion | undefined;
  const page = (above: number) => versionsAbove(tx, base, above);
  for await (const version of rowsBehind(0, page, ({ seq }) => seq)) {
    requireManifest(version);
    const turns = turnsBetween(tx, below?.content, version.content);
    for await (const some of inBatches(turns, AT_ONCE))
      await changeEntries(tx, base, version.seq, await changesOf(tx, some));
    below = version;
  }
};

const mendIndex = async ({ sql, tell }: MendDeps, base: BaseId): Promise<void> => {
  try {
    await inTransaction(sql, async (tx) => {
      await withoutLimits(tx);
      await lockBase(tx, base);
      await dropEntries(tx, base);
      await fill(tx, base);
    });
    tell(`${base}: the index of its entries made again`);
  } catch (error) {
    // A tree that cannot be read leaves the index as it was.
    if (!(error instanceof ContentError)) throw error;
  }
};

/** Where the line of versions is broken, or one of them says what it does not hold, nobody knows what to make. */
const SPOILT = ['base_version_missing', 'base_version_manifest', 'base_version_differs'];

const baseOf = (about: string): string => about.split(/[@ ]/)[0] ?? '';

export const mendIndexes = async (the: MendDeps): Promise<void> => {
  const findings = the.report.findings();
  const spoilt = new Set(
    findings.filter(({ code }) => SPOILT.includes(code)).map(({ about }) => baseOf(about)),
  );
  const differing = findings
    .filter(({ code }) => code === 'entries_differ')
    .map(({ about }) => baseOf(about));
  for (const base of new Set(differing)) if (!spoilt.has(base)) await mendIndex(the, base as BaseId);
};
