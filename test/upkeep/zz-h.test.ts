import { afterAll, beforeAll, it } from 'vitest';
import { inTransaction } from '../../src/database/transaction.ts';
import { takeSeq } from '../../src/knowledge/bases/base-store.ts';
import { newUlid } from '../../src/knowledge/events/new-id.ts';
import { changeEntries } from '../../src/knowledge/versions/entry-store.ts';
import { insertVersion } from '../../src/knowledge/versions/version-store.ts';
import { cidOf } from '../../src/protocol/cid.ts';
import { encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import { contributionIdOf } from '../../src/protocol/knowledge/ids.ts';
import { encodeVersion, versionCid } from '../../src/protocol/knowledge/version.ts';
import { compareAsBytes } from '../../src/protocol/knowledge-path.ts';
import { editTree } from '../../src/protocol/merkle-tree/edit.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { checkKnowledge } from '../../src/upkeep/check/knowledge.ts';
import { mendIndexes } from '../../src/upkeep/mend/entries.ts';
import { openReport } from '../../src/upkeep/report.ts';
import { sweepBlocks } from '../../src/upkeep/unreached-blocks.ts';
import { inSnapshot } from '../../src/upkeep/upkeep-store.ts';
import { type BaseWorld, startBaseWorld } from '../knowledge/world/base-world.ts';

const N = Number(process.env['N'] ?? 20000);
const V = Number(process.env['V'] ?? 200);
let world: BaseWorld;
const doc = Buffer.from('the same document everywhere, but its entries are not');
beforeAll(async () => {
  world = await startBaseWorld({});
}, 600_000);
afterAll(() => world.stop());
it('x', async () => {
  const { sql, blocks, id } = world;
  const entryOf = (n: number, v = 0) => ({
    blob: cidOf('raw', doc),
    size: doc.length,
    mediaType: 'text/markdown',
    meta: { n: String(n), v: String(v) },
  });
  let t = Date.now();
  const paths = Array.from({ length: N }, (_, n) => `section-${n % 97}/document-number-${n}.md`).sort(
    (a, b) => compareAsBytes(a as never, b as never),
  );
  const all = paths.map((path, n) => ({ path, entry: entryOf(n) }));
  const nodes = [];
  const g = buildTree(
    KNOWLEDGE_TREE,
    all.map(({ path, entry }) => ({ path, value: entryCid(entry) })) as never,
  );
  let step = g.next();
  for (; !step.done; step = g.next()) nodes.push(step.value);
  let content = step.value;
  await blocks.put([
    ...nodes,
    ...all.map(({ entry }) => ({ cid: entryCid(entry), bytes: encodeEntry(entry) })),
  ]);
  const version = async (seq: number, root: string, changes: object[], parent: string | null) => {
    const contribution = contributionIdOf(id, newUlid(new Date()));
    const facts = {
      seq,
      parent,
      content: root,
      entries: N,
      bytes: N * doc.length,
      contribution,
      proposer: 'human:acme.example:author',
    };
    const createdAt = new Date();
    const manifest = encodeVersion({
      ...facts,
      v: 1,
      kb: id,
      profile: KNOWLEDGE_TREE.name,
      policyVersion: 1,
      createdAt: createdAt.toISOString(),
    } as never);
    await inTransaction(sql, async (tx) => {
      await tx`set local statement_timeout = 0`;
      await takeSeq(tx, id, seq);
      await insertVersion(tx, {
        ...facts,
        id: versionCid(manifest),
        base: id,
        manifest,
        signature: '{}',
        createdAt,
        eventId: 'x',
      } as never);
      for (let at = 0; at < changes.length; at += 2000)
        await changeEntries(tx, id, seq, changes.slice(at, at + 2000) as never);
    });
    return versionCid(manifest);
  };
  let parent = await version(1, content, all, null);
  for (let v = 2; v <= V; v += 1) {
    const n = (v * 7919) % N;
    const entry = entryOf(n, v);
    const edited = await editTree({ profile: KNOWLEDGE_TREE, blocks }, content, [
      { path: paths[n] as never, value: entryCid(entry) },
    ]);
    await blocks.put([...edited.blocks, { cid: entryCid(entry), bytes: encodeEntry(entry) }]);
    content = edited.root;
    parent = await version(v, content, [{ path: paths[n], entry }], parent);
  }
  await sql`analyze`;
  console.log('built', Date.now() - t, nodes.length);
  t = Date.now();
  const report = openReport();
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 50);
  await inSnapshot(sql, (tx) =>
    checkKnowledge({
      tx,
      blobs: world.blobs,
      report,
      sample: 'all',
      isHeld: async () => true,
      progress: () => undefined,
    }),
  );
  clearInterval(timer);
  console.log(
    'checked',
    Date.now() - t,
    'rss',
    Math.round((peak - before) / 1e6),
    Object.fromEntries(report.counts()),
  );
  t = Date.now();
  let n = 0;
  for await (const _ of sweepBlocks(sql, false)) n += 1;
  console.log('swept', Date.now() - t, n);
  t = Date.now();
  await sql`delete from knowledge_entries where path < 'section-2'`;
  const own = openReport();
  own.add('entries_differ', `${id} x`);
  await mendIndexes({ sql, blobs: world.blobs, now: () => new Date(), report: own, tell: console.log });
  console.log('mended', Date.now() - t);
}, 600_000);
