// Damage to bases: each kind is found and named, and what follows from the rest is made again.
import { describe, expect, it } from 'vitest';
import { type Cid, digestOfCid } from '../../src/protocol/cid.ts';
import { searchableWords } from '../../src/protocol/knowledge/words.ts';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { as, BASE, blobOf, type Member, publish, upload } from '../knowledge/world/workforce.ts';
import { meanwhile } from '../world/meanwhile.ts';
import {
  type Corruption,
  damageIn,
  deps,
  flipObject,
  plantIn,
  removeObject,
  resignedByStranger,
  run,
  showsItsShare,
  writeObject,
} from './corruption.ts';
import {
  at,
  BROUGHT,
  type Cast,
  DESCRIBED,
  ERASED,
  newKnowledgeWorld,
  ok,
  runAt,
} from './knowledge-world.ts';
import type { UpkeepWorld } from './upkeep-world.ts';

const flipped = (column: string) => `set_byte(${column}, 9, get_byte(${column}, 9) # 1)`;
const NEWEST = `(select content from knowledge_versions where base = '${BASE}' order by seq desc limit 1)`;

const contentOf = async ({ sql }: UpkeepWorld, order: 'newest' | 'oldest') => {
  const rows = await sql<{ content: Cid }[]>`
    select content from knowledge_versions where base = ${BASE} order by seq`;
  return digestOfCid((order === 'newest' ? rows.at(-1) : rows[0])?.content ?? ('' as Cid));
};

const keyOf = (text: string) => blobKey(digestOf(Buffer.from(text)));
const hexOf = (text: string) => digestOf(Buffer.from(text));

const entryAt = (path: string) =>
  `(select entry from knowledge_entries where base = '${BASE}' and path = '${path}' and to_seq is null)`;

const bringBack = ({ blobs }: UpkeepWorld, text: string) =>
  blobs.put(keyOf(text), bytesSource(Buffer.from(text)));

const CONTENT: readonly Corruption[] = [
  {
    name: 'a flipped byte in the root of the newest tree',
    spoil: async (world) =>
      world.sql`update knowledge_blocks set bytes = set_byte(bytes, 9, get_byte(bytes, 9) # 1)
        where digest = ${await contentOf(world, 'newest')}`,
    found: ['block_differs'],
    left: [],
  },
  {
    name: 'a root that only an older version has, and that is not there',
    spoil: async (world) =>
      world.sql`delete from knowledge_blocks where digest = ${await contentOf(world, 'oldest')}`,
    found: ['block_missing'],
    left: [],
  },
  {
    name: 'a block of an entry that is not there',
    spoil: (world) => run(world, `delete from knowledge_blocks where digest = ${entryAt('a.md')}`),
    found: ['block_missing'],
    left: [],
  },
  {
    name: 'a flipped byte in the block of an entry that the index does not say all of',
    spoil: (world) =>
      run(
        world,
        `update knowledge_blocks set bytes = ${flipped('bytes')} where digest = ${entryAt(DESCRIBED)}`,
      ),
    found: ['block_differs'],
    left: [],
  },
  {
    name: 'a node that is lost together with the index that would make it again',
    spoil: async (world) => {
      await world.sql`delete from knowledge_blocks where digest = ${await contentOf(world, 'newest')}`;
      await run(world, `delete from knowledge_entries where path = 'topic/9.md' and base = '${BASE}'`);
    },
    found: ['block_missing', 'entries_differ'],
  },
  {
    name: 'a row of the index with the entry of another path',
    spoil: (world) =>
      run(
        world,
        `update knowledge_entries as row set entry = other.entry, blob = other.blob, size = other.size
           from knowledge_entries as other
         where row.path = 'topic/1.md' and other.path = 'topic/20.md' and row.base = '${BASE}' and other.base = '${BASE}'`,
      ),
    found: ['entries_differ'],
    left: [],
  },
  {
    name: 'a row of the index that names another media type',
    spoil: (world) =>
      run(
        world,
        `update knowledge_entries set media_type = 'text/html' where path = 'home.md' and to_seq is null`,
      ),
    found: ['entries_differ'],
    left: [],
  },
  {
    name: 'a row of the index with another size',
    spoil: (world) => run(world, `update knowledge_entries set size = size + 1 where path = 'new/c.md'`),
    found: ['document_size', 'entries_differ'],
    left: [],
  },
  {
    name: 'an interval that was left open',
    spoil: (world) => run(world, `update knowledge_entries set to_seq = null where path = 'b.md'`),
    found: ['entries_differ'],
    left: [],
  },
  {
    name: 'an interval that ends with a later version than its entry did',
    spoil: (world) =>
      run(
        world,
        `update knowledge_entries set to_seq = to_seq + 1 where path = 'topic/3.md' and to_seq is not null`,
      ),
    found: ['entries_differ'],
    left: [],
  },
  {
    name: 'a path that had another entry for one version in between, as the index alone says',
    spoil: (world) =>
      run(
        world,
        `update knowledge_entries set to_seq = 2 where base = '${BASE}' and path = 'topic/9.md';
         insert into knowledge_entries (base, path, from_seq, to_seq, fold, entry, blob, size, media_type)
           select base, 'topic/9.md', 2, 3, 'topic/9.md', entry, blob, size, media_type from knowledge_entries
           where base = '${BASE}' and path = 'topic/10.md';
         insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
           select base, path, 3, fold, entry, blob, size, media_type from knowledge_entries
           where base = '${BASE}' and path = 'topic/9.md' and from_seq = 1`,
      ),
    found: ['entries_differ'],
    left: [],
  },
  {
    name: 'an entry of a base that is not there',
    spoil: (world) =>
      run(
        world,
        `insert into knowledge_entries (base, path, from_seq, fold, entry, blob, size, media_type)
           select 'kb:acme.example:claims:nowhere', path, 1, fold, entry, blob, size, media_type
           from knowledge_entries where path = 'a.md' and to_seq is null`,
      ),
    found: ['entries_differ'],
    left: [],
  },
];

const DOCUMENTS: readonly Corruption[] = [
  {
    name: 'a lost document',
    spoil: (world) => removeObject(world, keyOf('alpha two')),
    found: ['document_missing'],
  },
  {
    name: 'a flipped byte in a document',
    spoil: (world) => flipObject(world, keyOf('alpha two')),
    found: ['document_digest'],
  },
  {
    name: 'a document that was cut off',
    spoil: (world) => writeObject(world, keyOf('alpha two'), 'alpha'),
    found: ['document_digest', 'document_size'],
  },
  {
    name: 'a lost upload that an open contribution names',
    spoil: (world) => removeObject(world, keyOf('draft open')),
    found: ['document_missing'],
  },
  {
    name: 'the words of two documents, swapped',
    spoil: (world) =>
      run(
        world,
        `update knowledge_words as row set words = other.words, counts = other.counts from knowledge_words as other
         where (row.blob, other.blob) in (
           ('\\x${hexOf('alpha two')}', '\\x${hexOf('gamma')}'), ('\\x${hexOf('gamma')}', '\\x${hexOf('alpha two')}'))`,
      ),
    found: ['words_differ'],
    left: [],
  },
  {
    name: 'a word that is counted once more',
    spoil: (world) =>
      run(world, `update knowledge_words set counts[1] = counts[1] + 1 where blob = '\\x${hexOf('gamma')}'`),
    found: ['words_differ'],
    left: [],
  },
  {
    name: 'a document that no search finds any more',
    spoil: (world) => run(world, `delete from knowledge_words where blob = '\\x${hexOf('gamma')}'`),
    found: ['words_differ'],
    left: [],
  },
  {
    name: 'an erasure that is on record no more',
    spoil: (world) => run(world, 'delete from knowledge_erasures'),
    found: ['document_missing', 'erasure_differs'],
    left: [],
  },
  {
    name: 'an erasure that is on record no more, and whose bytes came back',
    spoil: async (world) => {
      await run(world, 'delete from knowledge_erasures');
      await bringBack(world, ERASED);
    },
    found: ['erasure_differs', 'words_differ'],
    left: [],
  },
  {
    name: 'an erasure on record with another reason',
    spoil: (world) => run(world, "update knowledge_erasures set reason_code = 'tidying'"),
    found: ['erasure_differs'],
    left: [],
  },
  {
    name: 'an erasure that no event tells of: what it would destroy stays',
    spoil: (world) =>
      run(
        world,
        `insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id, destroyed)
         values ('${BASE}', '\\x${hexOf('gamma')}', 'human:acme.example:x', 'x', 'x', now(), 'none', true)`,
      ),
    found: ['erasure_undone', 'erasure_without_event'],
  },
  {
    name: 'erased bytes that are there again',
    spoil: (world) => bringBack(world, ERASED),
    found: ['erasure_undone'],
    notes: ['blob_unnamed'],
    left: [],
  },
  {
    name: 'words of an erased document that are there again',
    spoil: ({ sql }) => {
      const words = searchableWords(Buffer.from(ERASED)) ?? new Map();
      return sql`
        insert into knowledge_words (blob, words, counts)
        values (decode(${hexOf(ERASED)}, 'hex'), ${[...words.keys()]}::text[], ${[...words.values()]}::integer[])`;
    },
    found: ['erasure_undone'],
    left: [],
  },
  {
    name: 'an erasure whose bytes a crash left',
    spoil: async (world) => {
      await run(world, 'update knowledge_erasures set destroyed = false');
      await bringBack(world, ERASED);
    },
    found: [],
    notes: ['blob_unnamed', 'erasure_pending'],
  },
];

const VERSIONS: readonly Corruption[] = [
  {
    name: 'a wrong count of entries',
    spoil: (world) =>
      run(world, `update knowledge_versions set entries = entries + 1 where base = '${BASE}' and seq = 2`),
    found: ['base_version_differs'],
  },
  {
    name: 'a version that names the content of another',
    spoil: (world) =>
      run(world, `update knowledge_versions set content = ${NEWEST} where base = '${BASE}' and seq = 2`),
    found: ['base_version_differs'],
  },
  {
    name: 'an edited manifest',
    spoil: (world) =>
      run(
        world,
        `update knowledge_versions set manifest = ${flipped('manifest')} where base = '${BASE}' and seq = 3`,
      ),
    found: ['base_version_manifest'],
  },
  {
    name: 'a signature of somebody else',
    spoil: async ({ sql }) => {
      const [row] = await sql<{ signature: string }[]>`
        select signature from knowledge_versions where base = ${BASE} and seq = 2`;
      const signature = await resignedByStranger(row?.signature ?? '');
      await sql`update knowledge_versions set signature = ${signature} where base = ${BASE} and seq = 2`;
    },
    found: ['base_version_signature'],
  },
  {
    name: 'the signature of another version',
    spoil: (world) =>
      run(
        world,
        `update knowledge_versions as row set signature = other.signature from knowledge_versions as other
         where row.base = '${BASE}' and other.base = '${BASE}' and row.seq = 2 and other.seq = 3`,
      ),
    found: ['base_version_signature'],
  },
  {
    name: 'a version that is not there',
    spoil: (world) => run(world, `delete from knowledge_versions where base = '${BASE}' and seq = 2`),
    found: [
      'base_version_missing',
      'contribution_differs',
      'event_without_base_version',
      'pointer_move_differs',
    ],
  },
  {
    name: 'the newest version, which is not there',
    spoil: (world) => run(world, `delete from knowledge_versions where base = '${BROUGHT}' and seq = 3`),
    found: [
      'base_version_missing',
      'contribution_differs',
      'entries_differ',
      'event_without_base_version',
      'pointer_move_differs',
    ],
  },
  {
    name: 'a version that no event created',
    spoil: (world) =>
      run(world, `update knowledge_versions set event_id = 'none' where base = '${BASE}' and seq = 2`),
    found: ['base_version_without_event', 'event_without_base_version'],
  },
];

const POINTERS: readonly Corruption[] = [
  {
    name: 'a stale pointer',
    spoil: (world) =>
      run(
        world,
        `update knowledge_bases set current = (select id from knowledge_versions where base = '${BASE}' and seq = 2)
         where id = '${BASE}'`,
      ),
    found: ['pointer_differs'],
    left: [],
  },
  {
    name: 'a generation that is one too high',
    spoil: (world) =>
      run(world, `update knowledge_bases set generation = generation + 1 where id = '${BASE}'`),
    found: ['pointer_differs'],
    left: [],
  },
  {
    name: 'a count of versions that is one too low',
    spoil: (world) =>
      run(world, `update knowledge_bases set last_seq = last_seq - 1 where id = '${BROUGHT}'`),
    found: ['pointer_differs'],
    left: [],
  },
  {
    name: 'a move that is not there',
    spoil: (world) =>
      run(world, `delete from knowledge_pointer_moves where base = '${BASE}' and generation = 2`),
    found: ['pointer_move_missing'],
  },
  {
    name: 'the last move, which is not there: the pointer stays where it is',
    spoil: (world) =>
      run(world, `delete from knowledge_pointer_moves where base = '${BROUGHT}' and generation = 2`),
    found: ['pointer_differs', 'pointer_move_missing'],
  },
  {
    name: 'a move of somebody else',
    spoil: (world) =>
      run(world, `update knowledge_pointer_moves set actor = 'human:acme.example:x' where generation = 5`),
    found: ['pointer_move_differs'],
  },
  {
    name: 'a move that no event made',
    spoil: (world) =>
      run(
        world,
        `update knowledge_pointer_moves set event_id = 'none' where base = '${BASE}' and generation = 3`,
      ),
    found: ['pointer_move_missing', 'pointer_move_without_event'],
  },
];

const GOVERNANCE: readonly Corruption[] = [
  {
    name: 'a base that nobody paused',
    spoil: (world) => run(world, `update knowledge_bases set paused = true where id = '${BASE}'`),
    found: ['base_differs'],
  },
  {
    name: 'a base for another purpose than it was registered for',
    spoil: (world) =>
      run(
        world,
        `update knowledge_bases set registration = registration || '{"purpose":"fun"}' where id = '${BASE}'`,
      ),
    found: ['base_differs'],
  },
  {
    name: 'a base that no event registered',
    spoil: (world) => run(world, `update knowledge_bases set event_id = 'none' where id = '${BASE}'`),
    found: ['base_without_event', 'event_without_base'],
  },
  {
    name: 'a policy that nobody set',
    spoil: (world) =>
      run(world, `update knowledge_bases set policy = policy || '{"mode":"direct"}' where id = '${BASE}'`),
    found: ['policy_differs'],
  },
  {
    name: 'an earlier policy that is looser than it was',
    spoil: (world) =>
      run(
        world,
        `update knowledge_policies set policy = policy || '{"required_approvals":0}' where base = '${BASE}'`,
      ),
    found: ['policy_differs'],
  },
];

const SAID: readonly Corruption[] = [
  {
    name: 'a contribution accepted twice',
    spoil: (world) =>
      run(
        world,
        `update knowledge_versions as row set contribution = other.contribution from knowledge_versions as other
         where row.base = '${BASE}' and other.base = '${BASE}' and row.seq = 2 and other.seq = 3`,
      ),
    found: ['base_version_differs', 'contribution_differs'],
  },
  {
    name: 'a contribution that names the version of another',
    spoil: (world) =>
      run(
        world,
        `update knowledge_contributions set resulting =
           (select id from knowledge_versions where base = '${BASE}' and seq = 1)
         where id = (select contribution from knowledge_versions where base = '${BASE}' and seq = 2)`,
      ),
    found: ['contribution_differs'],
  },
  {
    name: 'a rejected contribution that is open again',
    spoil: (world) =>
      run(world, `update knowledge_contributions set state = 'in_review' where state = 'rejected'`),
    found: ['contribution_differs'],
  },
  {
    name: 'a revision with another path than was judged',
    spoil: (world) =>
      run(
        world,
        `update knowledge_revisions set changes = jsonb_set(changes, '{0,path}', '"other.md"')
         where changes @> '[{"path":"draft/open.md"}]'`,
      ),
    found: ['revision_differs'],
  },
  {
    name: 'changes that are none',
    spoil: (world) =>
      run(
        world,
        `update knowledge_revisions set changes = '[{"op":"put"}]' where changes @> '[{"path":"draft/open.md"}]'`,
      ),
    found: ['revision_differs'],
  },
  {
    name: 'a revision that is not there',
    spoil: (world) =>
      run(world, `delete from knowledge_revisions where changes @> '[{"path":"draft/open.md"}]'`),
    found: ['contribution_differs', 'revision_missing'],
  },
  {
    name: 'a verdict that says something else',
    spoil: (world) => run(world, `update knowledge_verdicts set verdict = 'fail'`),
    found: ['judgement_differs'],
  },
  {
    name: 'a result of an evaluation by somebody else',
    spoil: (world) => run(world, `update knowledge_evals set evaluator = 'human:acme.example:x'`),
    found: ['judgement_differs', 'judgement_missing'],
  },
  {
    name: 'a rejection that became an approval',
    spoil: (world) =>
      run(world, `update knowledge_decisions set decision = 'approve' where decision = 'reject'`),
    found: ['judgement_differs'],
  },
  {
    name: 'a verdict that is not there',
    spoil: (world) => run(world, 'delete from knowledge_verdicts'),
    found: ['judgement_missing'],
  },
  {
    name: 'an event found under another actor',
    spoil: (world) =>
      run(
        world,
        `update knowledge_events set actor = 'human:acme.example:x' where kind = 'KnowledgeBaseCurrentPointerMoved'`,
      ),
    found: ['event_index_differs'],
    left: [],
  },
  {
    name: 'events that nobody finds, and one that is found and not there',
    spoil: (world) =>
      run(
        world,
        `delete from knowledge_events where kind = 'KnowledgeContributionAccepted';
         insert into knowledge_events (event_id, base, kind, actor, at) values ('none', '${BASE}', 'x', 'x', now())`,
      ),
    found: ['event_index_differs'],
    left: [],
  },
  {
    name: 'a retrieval that gave out something else',
    spoil: (world) => run(world, `update knowledge_retrievals set hash = 'sha256:${hexOf('x')}'`),
    found: ['retrieval_differs'],
  },
  {
    name: 'retrievals that are not kept',
    spoil: (world) => run(world, 'delete from knowledge_retrievals'),
    found: ['retrieval_differs'],
  },
];

const ALL = [...CONTENT, ...DOCUMENTS, ...VERSIONS, ...POINTERS, ...GOVERNANCE, ...SAID];

let cast: Cast;
const sound = async (): Promise<UpkeepWorld> => {
  const world = await newKnowledgeWorld();
  cast = world.cast;
  return world;
};

describe('damage to bases', { timeout: 60_000 }, () => {
  const original = plantIn(sound, [
    { name: 'none', spoil: async () => undefined, found: [], notes: [] },
    ...ALL,
  ]);
  showsItsShare('knowledge', ALL);

  it('in a document is found where the document is one of those that are read, its loss always', async () => {
    const world = await original.copy();
    try {
      await flipObject(world, keyOf('alpha two'));
      await removeObject(world, keyOf('gamma'));
      const few = await checkAll(deps(world))({ sample: 0 });
      expect(damageIn(few.report.counts())).toEqual(['document_missing']);
      const all = await checkAll(deps(world))({ sample: 1_000 });
      expect(damageIn(all.report.counts())).toEqual(['document_digest', 'document_missing']);
      const [lost] = all.report.findings().filter(({ code }) => code === 'document_missing');
      expect(lost?.about).toContain(`${BASE} new/c.md (versions 3 to now)`);
    } finally {
      await world.clear();
    }
  });

  it('is none while people write, erase and upload', async () => {
    const world = await original.copy();
    const running = await runAt(world);
    const here = (member: Member): Member => ({ ...member, call: as(running, member) });
    const [author, reviewer, steward] = [here(cast.author), here(cast.reviewer), here(cast.steward)];
    const live = async (nr: number): Promise<void> => {
      await publish(author, reviewer, { [`live/${nr % 4}.md`]: `live ${nr}`, 'a.md': `${nr}` });
      const body = { document: blobOf(`live ${nr - 1}`), reason_code: 'asked_for', authority: 'ticket:9' };
      if (nr > 0 && nr % 2 === 0) ok(await steward.call('POST', at('/erasures'), { body }));
      await upload(author, 'x', `upload ${nr}`);
    };
    try {
      const reports = await meanwhile(live, async () => {
        const found = [];
        for (let times = 0; times < 6; times += 1)
          found.push(await checkAll({ ...deps(world), patienceMs: 2_000 })({ sample: 'all' }));
        return found;
      });
      for (const { report } of reports) expect(damageIn(report.counts())).toEqual([]);
    } finally {
      await running.stop();
      await world.clear();
    }
  });
});
