// A base of any number of entries, written past the service: what is measured is what happens to it afterwards.
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';
import { putBlocks } from '../../src/knowledge/versions/block-store.ts';
import { type Cid, cidOf, digestOfCid } from '../../src/protocol/cid.ts';
import { type Entry, encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import { encodeVersion, versionCid } from '../../src/protocol/knowledge/version.ts';
import type { KnowledgePath } from '../../src/protocol/knowledge-path.ts';
import type { Block } from '../../src/protocol/merkle-tree/growing.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';

const DOCUMENT = Buffer.from('What everybody needs to know.\n');
const ENTRY: Entry = {
  blob: cidOf('raw', DOCUMENT),
  size: DOCUMENT.length,
  mediaType: 'text/plain',
  meta: {},
};
const AT_ONCE = 5_000;
const BENCH = {
  contribution: 'contribution:acme.example:claims:bench:00000000000000000000000000',
  event: 'bench',
};

export const pathOf = (number: number): KnowledgePath =>
  `handbook/${String(number).padStart(7, '0')}/page.md` as KnowledgePath;

function* entries(count: number) {
  for (let number = 0; number < count; number += 1) yield { path: pathOf(number), value: entryCid(ENTRY) };
}

const writeTree = async (sql: Sql, count: number): Promise<Cid> => {
  const building = buildTree(KNOWLEDGE_TREE, entries(count));
  let some: Block[] = [{ cid: entryCid(ENTRY), bytes: encodeEntry(ENTRY) }];
  for (let step = building.next(); ; step = building.next()) {
    if (!step.done) some.push(step.value);
    if (step.done || some.length >= AT_ONCE) {
      await putBlocks(sql, some);
      some = [];
    }
    if (step.done) return step.value;
  }
};

const writeIndex = async (sql: Sql, base: BaseId, count: number): Promise<void> => {
  const [entry, blob] = [digestOfCid(entryCid(ENTRY)), digestOfCid(ENTRY.blob)];
  for (let from = 0; from < count; from += AT_ONCE * 10) {
    const to = Math.min(from + AT_ONCE * 10, count) - 1;
    await sql`
      insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
      select ${base}, 'handbook/' || lpad(n::text, 7, '0') || '/page.md', 1,
        'HANDBOOK/' || lpad(n::text, 7, '0') || '/PAGE.MD', ${entry}, ${blob}, ${ENTRY.size}, ${ENTRY.mediaType}
      from generate_series(${from}::integer, ${to}::integer) as n`;
  }
};

/** The first version of a registered base. */
export const fillBase = async (databaseUrl: string, base: BaseId, count: number): Promise<Cid> => {
  const sql = connect({ url: databaseUrl, max: 1 });
  try {
    const content = await writeTree(sql, count);
    await writeIndex(sql, base, count);
    const createdAt = new Date();
    const manifest = encodeVersion({
      v: 1,
      kb: base,
      seq: 1,
      parent: null,
      content,
      profile: KNOWLEDGE_TREE.name,
      entries: count,
      bytes: count * ENTRY.size,
      policyVersion: 1,
      contribution: BENCH.contribution as never,
      proposer: 'human:acme.example:bench' as never,
      createdAt: createdAt.toISOString(),
    });
    const id = versionCid(manifest);
    await sql`
      insert into knowledge_versions (id, base, seq, parent, content, entries, bytes, manifest, signature, contribution,
        proposer, created_at, event_id)
      values (${id}, ${base}, 1, null, ${content}, ${count}, ${count * ENTRY.size}, ${manifest}, '', ${BENCH.contribution},
        'human:acme.example:bench', ${createdAt}, ${BENCH.event})`;
    await sql`
      update knowledge_bases set current = ${id}, generation = 1, last_seq = 1, pointer_event = event_id
      where id = ${base}`;
    await sql`analyze knowledge_entries, knowledge_blocks`;
    return id;
  } finally {
    await closeConnection(sql);
  }
};
