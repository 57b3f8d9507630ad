// Damage to blobs, versions and how they stand: each kind is found and named.
import { describe } from 'vitest';
import { bytesSource } from '../../storage/blob-store.ts';
import { digestOf } from '../../storage/digest.ts';
import { blobKey } from '../../storage/object-keys.ts';
import {
  blobOf,
  type Corruption,
  flipObject,
  plant,
  removeObject,
  run,
  showsItsShare,
  writeObject,
} from './corruption.ts';

const byteOf = (column: string) => `set_byte(${column}, 5, get_byte(${column}, 5) # 1)`;

const CORRUPTIONS: readonly Corruption[] = [
  {
    name: 'a flipped byte in a blob',
    spoil: async (world) => flipObject(world, await blobOf(world, '1.1.0')),
    found: ['blob_digest'],
  },
  {
    name: 'a missing blob',
    spoil: async (world) => removeObject(world, await blobOf(world, '1.1.0')),
    found: ['blob_missing'],
  },
  {
    name: 'a blob of another size',
    spoil: async (world) => writeObject(world, await blobOf(world, '2.0.0'), 'short'),
    found: ['blob_digest', 'blob_size'],
  },
  {
    name: 'a blob that no version names',
    spoil: async ({ blobs }) => {
      const bytes = Buffer.from('garbage');
      await blobs.put(blobKey(digestOf(bytes)), bytesSource(bytes));
    },
    found: [],
    notes: ['blob_unnamed'],
  },
  {
    name: 'a tarball that is none, under its own name',
    spoil: async ({ blobs, sql }) => {
      const bytes = Buffer.from('no archive');
      await blobs.put(blobKey(digestOf(bytes)), bytesSource(bytes));
      await sql`update versions set digest = sha256(${bytes}), size = ${bytes.length} where version = '2.0.0'`;
    },
    found: ['archive_unsound', 'version_differs'],
    notes: ['blob_unnamed'],
  },
  {
    name: 'a row of which no index can be made',
    spoil: (world) => run(world, "update versions set facts = 'null' where version = '2.0.0'"),
    found: ['document_unmade', 'facts_differ'],
  },
  {
    name: 'a wrong size in a row',
    spoil: (world) => run(world, "update versions set size = size + 1 where version = '1.0.0'"),
    found: ['blob_size', 'version_differs'],
  },
  {
    name: 'the rows of two versions, swapped',
    spoil: (world) =>
      run(
        world,
        `update versions set digest = other.digest, size = other.size, event_id = other.event_id
           from versions as other where (versions.version, other.version) in (('1.0.0', '1.1.0'), ('1.1.0', '1.0.0'))`,
      ),
    found: [
      'files_differ',
      'manifest_differs',
      'signature_differs',
      'statement_invalid',
      'version_differs',
      'withdrawals_stale',
    ],
  },
  {
    name: 'edited bytes of a manifest',
    spoil: (world) =>
      run(
        world,
        `update versions set manifest = convert_to(replace(convert_from(manifest, 'UTF8'), '"version"', '"Version"'),
           'UTF8') where version = '1.0.0'`,
      ),
    found: ['manifest_differs', 'signature_invalid'],
  },
  {
    name: 'facts of an index that do not follow from the manifest',
    spoil: (world) =>
      run(world, `update versions set facts = facts || '{"description":"better"}' where version = '1.0.0'`),
    found: ['facts_differ'],
  },
  {
    name: 'a file list with one file less',
    spoil: (world) => run(world, "update versions set files = files - 0 where version = '1.0.0'"),
    found: ['files_differ'],
  },
  {
    name: 'an edited signature',
    spoil: (world) =>
      run(world, `update versions set signature = ${byteOf('signature')} where version = '1.0.0'`),
    found: ['signature_differs', 'signature_invalid', 'version_differs'],
  },
  {
    name: 'the signature of another version',
    spoil: (world) =>
      run(
        world,
        `update versions set signature = (select signature from versions where version = '1.1.0')
           where version = '1.0.0'`,
      ),
    found: ['signature_differs', 'signature_invalid', 'version_differs'],
  },
  {
    name: 'a version by a key that nobody delegated',
    spoil: (world) => run(world, "update versions set key_id = 'nobody-1' where version = '1.0.0'"),
    found: ['key_unknown', 'version_differs'],
  },
  {
    name: 'a version of an account that is not there',
    spoil: (world) => run(world, "update versions set publisher = 'nobody' where version = '1.0.0'"),
    found: ['publisher_unknown', 'version_differs'],
  },
  {
    name: 'a version under another tree than its event says',
    spoil: (world) => run(world, "update versions set tree = 'v1' where version = '2.0.0'"),
    found: ['version_differs'],
  },
  {
    name: 'a version that no event published',
    spoil: (world) =>
      run(
        world,
        `insert into versions (name_key, version, tree, name, digest, size, manifest, signature, key_id, facts, files,
             warnings, publisher, published_at, event_id)
           select name_key, '9.0.0', tree, name, digest, size, manifest, signature, key_id, facts, files, warnings,
             publisher, published_at, 'no-such-event' from versions where version = '1.1.0'`,
      ),
    found: ['version_without_event'],
  },
  {
    name: 'an event whose version is gone',
    spoil: (world) => run(world, "delete from versions where version = '1.1.0'"),
    found: ['event_without_version'],
  },
  {
    name: 'a release statement of another version',
    spoil: (world) =>
      run(
        world,
        `update versions set statement = (select statement from versions where version = '1.1.0')
           where version = '2.0.0'`,
      ),
    found: ['statement_invalid'],
  },
  {
    name: 'a yank that was taken out of the row',
    spoil: (world) =>
      run(world, "update versions set yanked = null, standing_event_id = null where version = '1.0.0'"),
    // The list of withdrawals is made from the rows, and says what they said before.
    found: ['withdrawals_stale', 'yank_differs'],
  },
  {
    name: 'a yank flag without its event',
    spoil: (world) =>
      run(
        world,
        `update versions set yanked = (select yanked from versions where version = '1.0.0')
           where version = '1.1.0'`,
      ),
    found: ['withdrawals_stale', 'yank_differs'],
  },
  {
    name: 'an edited reason of a yank',
    spoil: (world) =>
      run(world, `update versions set yanked = yanked || '{"reason":"fine"}' where version = '1.0.0'`),
    found: ['yank_differs'],
  },
  {
    name: 'a deprecation that was taken out of the row',
    spoil: (world) =>
      run(
        world,
        `update versions set deprecated = null, deprecation_event_id = null where version = '0.1.0'`,
      ),
    found: ['deprecation_differs'],
  },
  {
    name: 'a deprecation that names another successor than its event',
    spoil: (world) =>
      run(
        world,
        `update versions set deprecated = deprecated || '{"supersededBy":"6.6.6"}' where version = '0.1.0'`,
      ),
    found: ['deprecation_differs'],
  },
  {
    name: 'a tombstone that was made a version again after its sweep',
    spoil: (world) =>
      run(
        world,
        `update versions set unpublished = null, unpublished_event_id = null where version = '0.2.0'`,
      ),
    found: ['blob_missing', 'unpublish_differs', 'withdrawals_stale'],
  },
  {
    name: 'a version that was made a tombstone without an event',
    spoil: (world) =>
      run(
        world,
        `update versions set unpublished = (select unpublished from versions where version = '0.2.0')
           where version = '1.1.0'`,
      ),
    found: ['unpublish_differs', 'withdrawals_stale'],
    notes: ['blob_unnamed'],
  },
  {
    name: 'a name under the key of another spelling',
    spoil: (world) =>
      run(
        world,
        `alter table versions drop constraint versions_check;
           update versions set name_key = 'vendor.acme.tool' where version = '1.1.0'`,
      ),
    found: ['version_name'],
  },
];

describe('a check of the registry finds', () => plant(CORRUPTIONS));

describe('the table above', () => showsItsShare('versions', CORRUPTIONS));
