// Serves the keychain of a pack, ready until a key or a version of the pack changes.
import { delegationsAbout } from '../../access/delegation-store.ts';
import { KEYS_TOPIC } from '../../access/documents.ts';
import type { Sql } from '../../database/connect.ts';
import { type Document, jsonDocument } from '../../http/document.ts';
import type { DocumentCache } from '../../http/document-cache.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import { packTopic, through } from '../read/read.ts';
import { keychainOf } from './keychain.ts';
import { keysNamedBy } from './keychain-store.ts';
import type { MirroredSigner } from './mirrored.ts';

export interface ReadKeychainDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
  readonly now: () => Date;
  /** Those of the keys that signed versions of other registries. */
  readonly mirroredSigners: (keyIds: readonly string[]) => Promise<readonly MirroredSigner[]>;
}

const makeKeychain = async (the: ReadKeychainDeps, name: PackName): Promise<Document> => {
  const { sql, now } = the;
  const named = await keysNamedBy(sql, name);
  if (named === undefined) throw fault('pack_not_found', { name });
  const [rows, mirrored] = await Promise.all([
    delegationsAbout(sql, name, named),
    the.mirroredSigners(named),
  ]);
  return jsonDocument(keychainOf(name, rows, mirrored, new Set(named), now()));
};

/** The same in both trees: a key belongs to none. @throws Fault pack_not_found */
export const readKeychain =
  (the: ReadKeychainDeps) =>
  (tree: Tree, name: PackName): Promise<Document> =>
    through(the, name, `/${tree}/packs/${name}/-/keychain`, [KEYS_TOPIC, packTopic(name)], () =>
      makeKeychain(the, name),
    );
