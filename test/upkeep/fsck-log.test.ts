// Damage to events, the log and what is published of it: each kind is found; what follows from signed rows is mended.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'vitest';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { publicKeyFromBytes, vkeyOf } from '../../keys/key.ts';
import { checkpointText } from '../../src/protocol/checkpoint.ts';
import { formatNote, signNoteLine } from '../../src/protocol/signed-note.ts';
import {
  type Corruption,
  flipObject,
  plant,
  removeObject,
  run,
  showsItsShare,
  stranger,
  writeObject,
} from './corruption.ts';
import { ORIGIN, seeds, type UpkeepWorld } from './upkeep-world.ts';

const noteBy = async (
  seedOrStranger: 'log' | 'stranger',
  size: number,
  root: Uint8Array,
): Promise<string> => {
  const own = vkeyOf(ORIGIN, publicKeyFromBytes(publicKeyOf(seeds.log)));
  const vkey = seedOrStranger === 'log' ? own : vkeyOf(ORIGIN, stranger.publicKey);
  const text = checkpointText({ origin: ORIGIN, size, root });
  const by =
    seedOrStranger === 'log' ? async (message: Uint8Array) => sign(message, seeds.log) : stranger.sign;
  return formatNote(text, [await signNoteLine(text, vkey, by)]);
};

const headOf = async (world: UpkeepWorld) => {
  const [head] = await world.sql<{ size: number; root: Uint8Array }[]>`select size, root from log_head`;
  if (head === undefined) throw new Error('no head');
  return head;
};

const setCheckpoint = (world: UpkeepWorld, note: string) =>
  world.sql`update log_head set checkpoint = ${note}`;

/** Edits the leaf of the event at a place, so that it is still canonical. */
const editLeaf = (position: number) => `
  update events set leaf = convert_to(replace(convert_from(leaf, 'UTF8'), '"vendor.acme.tools"', '"vendor.acme.toolz"'),
    'UTF8') where id = (select event_id from leaves where position = ${position})`;

const eventAt = (position: number) => `(select event_id from leaves where position = ${position})`;

const MENDED: readonly Corruption[] = [
  {
    name: 'a missing tile',
    spoil: (world) => removeObject(world, 'log/tile/0/001'),
    found: ['tile_missing'],
    left: [],
  },
  {
    name: 'a flipped byte in a tile',
    spoil: (world) => flipObject(world, 'log/tile/0/000'),
    found: ['tile_differs'],
    left: [],
  },
  {
    name: 'a missing entry bundle',
    spoil: (world) => removeObject(world, 'log/tile/entries/000'),
    found: ['bundle_missing'],
    left: [],
  },
  {
    name: 'a flipped byte in an entry bundle',
    spoil: (world) => flipObject(world, 'log/tile/entries/001'),
    found: ['bundle_differs'],
    left: [],
  },
  {
    name: 'a wrong hash of a tile',
    spoil: (world) => run(world, "update subtrees set hash = sha256('x') where position = 1"),
    found: ['subtree_differs'],
    left: [],
  },
  {
    name: 'a missing hash of a tile',
    spoil: (world) => run(world, 'delete from subtrees where position = 0'),
    found: ['subtree_differs'],
    left: [],
  },
  {
    name: 'a hash of a tile that is not full',
    spoil: (world) => run(world, "insert into subtrees (level, position, hash) values (1, 2, sha256('x'))"),
    found: ['subtree_stray'],
    left: [],
  },
  {
    name: 'a missing partial tile',
    spoil: async (world) => removeObject(world, `log/tile/0/002.p/${(await headOf(world)).size - 512}`),
    found: ['partial_missing'],
    left: [],
  },
  {
    name: 'a flipped byte in a partial bundle',
    spoil: async (world) => flipObject(world, `log/tile/entries/002.p/${(await headOf(world)).size - 512}`),
    found: ['partial_differs'],
    left: [],
  },
  {
    name: 'a partial tile that a full one has replaced',
    spoil: async (world) => {
      await mkdir(join(world.dataDir, 'blobs/log/tile/0/000.p'), { recursive: true });
      await writeObject(world, 'log/tile/0/000.p/1', new Uint8Array(32));
    },
    found: [],
    notes: ['partial_superseded'],
  },
  {
    name: 'a full tile beyond the head, from a sealer that ended too early',
    spoil: (world) => writeObject(world, 'log/tile/0/002', new Uint8Array(8192)),
    found: ['object_beyond_head'],
    left: [],
  },
  {
    name: 'no published checkpoint',
    spoil: (world) => removeObject(world, 'log/checkpoint'),
    found: ['published_missing'],
    left: [],
  },
  {
    name: 'a published checkpoint that is none',
    spoil: (world) => writeObject(world, 'log/checkpoint', 'no note'),
    found: ['published_unreadable'],
    left: [],
  },
];

const LEFT: readonly Corruption[] = [
  {
    name: 'an edited leaf',
    // The first publish: after root, account, token, claim and key.
    spoil: (world) => run(world, editLeaf(5)),
    found: ['head_root', 'leaf_differs', 'version_differs'],
  },
  {
    name: 'a leaf that is no event any more',
    spoil: (world) => run(world, `update events set leaf = 'x' where id = ${eventAt(5)}`),
    found: ['head_root', 'leaf_differs', 'leaf_not_canonical', 'version_differs'],
  },
  {
    name: 'an edited event behind a sealed leaf',
    spoil: (world) =>
      run(
        world,
        `update events set sealed = convert_to(replace(convert_from(sealed, 'UTF8'), 'registry', 'registrx'), 'UTF8')
           where id = ${eventAt(20)}`,
      ),
    found: ['commitment_differs'],
  },
  {
    name: 'a sealed event that is gone',
    spoil: (world) => run(world, `update events set sealed = null where id = ${eventAt(20)}`),
    found: ['sealed_missing'],
  },
  {
    name: 'an edited column of an event',
    spoil: (world) => run(world, `update events set at = at + interval '1 hour' where id = ${eventAt(30)}`),
    found: ['columns_differ'],
  },
  {
    name: 'a place of the log that is gone',
    spoil: (world) => run(world, 'delete from leaves where position = 40'),
    found: ['event_skipped', 'head_root', 'position_missing'],
  },
  {
    name: 'an event that is gone from its place',
    spoil: (world) => run(world, `delete from events where id = ${eventAt(40)}`),
    found: ['account_without_event', 'head_root', 'leaf_without_event'],
  },
  {
    name: 'two events in each other’s place',
    spoil: (world) =>
      run(
        world,
        `with taken as (delete from leaves where position in (50, 51) returning position, event_id)
           select * from taken; insert into leaves (position, event_id)
           select 50, id from events where subject = 'account:filler-43'
           union all select 51, id from events where subject = 'account:filler-42'`,
      ),
    found: ['event_order', 'head_root', 'leaf_differs'],
  },
  {
    name: 'one event at two places',
    spoil: (world) =>
      run(
        world,
        `alter table leaves drop constraint leaves_event_id_key;
           update leaves set event_id = ${eventAt(60)} where position = 61`,
      ),
    found: ['event_order', 'event_skipped', 'event_twice', 'head_root', 'leaf_differs'],
  },
  {
    name: 'places that are shifted by one',
    spoil: (world) =>
      run(
        world,
        `update leaves set position = position + 10000 where position >= 525;
           update leaves set position = position - 9999 where position >= 10000`,
      ),
    found: ['head_root', 'position_beyond_head', 'position_missing'],
  },
  {
    name: 'an edited root of the head',
    spoil: (world) => run(world, "update log_head set root = sha256('x')"),
    found: ['checkpoint_differs', 'head_root'],
  },
  {
    name: 'a head that is gone',
    spoil: (world) => run(world, 'delete from log_head'),
    found: ['head_missing', 'log_ahead', 'object_beyond_head', 'position_beyond_head'],
  },
  {
    name: 'a head that was set back',
    spoil: (world) => run(world, 'update log_head set size = size - 1'),
    found: ['checkpoint_differs', 'head_root', 'log_ahead', 'position_beyond_head'],
  },
  {
    name: 'a checkpoint signed by a foreign key',
    spoil: async (world) => {
      const { size, root } = await headOf(world);
      await setCheckpoint(world, await noteBy('stranger', size, root));
    },
    found: ['checkpoint_invalid'],
  },
  {
    name: 'a checkpoint of another size, by our own key',
    spoil: async (world) => {
      const { size, root } = await headOf(world);
      await setCheckpoint(world, await noteBy('log', size - 1, root));
    },
    found: ['checkpoint_differs'],
  },
  {
    name: 'a published checkpoint of another history',
    spoil: async (world) =>
      writeObject(world, 'log/checkpoint', await noteBy('log', 100, new Uint8Array(32).fill(3))),
    found: ['published_fork'],
  },
  {
    name: 'a published checkpoint of a larger log',
    spoil: async (world) =>
      writeObject(world, 'log/checkpoint', await noteBy('log', 5_000, new Uint8Array(32).fill(3))),
    found: ['log_ahead'],
  },
  {
    name: 'a published checkpoint by a foreign key',
    spoil: async (world) => {
      const { size, root } = await headOf(world);
      await writeObject(world, 'log/checkpoint', await noteBy('stranger', size, root));
    },
    found: ['published_foreign'],
  },
  {
    name: 'tiles of a larger log',
    spoil: async (world) => {
      await mkdir(join(world.dataDir, 'blobs/log/tile/entries'), { recursive: true });
      await writeObject(world, 'log/tile/entries/005', 'x');
    },
    found: ['log_ahead'],
  },
  {
    name: 'a checkpoint of the audit chain that does not follow from the log',
    spoil: (world) => run(world, "update audit_checkpoints set root = sha256('x')"),
    found: ['audit_differs', 'audit_signature'],
  },
  {
    name: 'an audit chain by a foreign key',
    spoil: (world) => run(world, "update audit_key set public_key = sha256('x')"),
    found: ['audit_signature'],
  },
  {
    name: 'a checkpoint that no log of ours had, and witnesses saw',
    spoil: async (world) => {
      const note = await noteBy('log', 300, new Uint8Array(32).fill(3));
      const line = 'w.example/w AAAAAAAA';
      await world.sql`insert into witnessed_checkpoints (size, checkpoint) values (300, ${note})`;
      await world.sql`insert into cosignatures (size, witness, line) values (300, 'w.example/w', ${`— ${line}`})`;
    },
    found: ['witnessed_differs'],
  },
  {
    name: 'a cosignature of another checkpoint',
    spoil: (world) =>
      run(
        world,
        "insert into cosignatures (size, witness, line) values (300, 'w.example/w', '— w.example/x AAAAAAAA')",
      ),
    found: ['cosignature_invalid'],
  },
];

describe('a check of the registry finds and mends', () => plant(MENDED));

describe('a check of the registry finds, and leaves to a backup,', () => plant(LEFT));

describe('the table above', () => showsItsShare('log', [...MENDED, ...LEFT]));
