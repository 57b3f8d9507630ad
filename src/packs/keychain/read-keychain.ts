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

export interface ReadKeychainDeps {
  readonly sql: Sql;
  readonly cache: DocumentCache;
  readonly now: () => Date;
}

const makeKeychain = async ({ sql, now }: ReadKeychainDeps, name: PackName): Promise<Document> => {
  const named = await keysNamedBy(sql, name);
  if (named === undefined) throw fault('pack_not_found', { name });
  return jsonDocument(keychainOf(name, await delegationsAbout(sql, name, named), new Set(named), now()));
};

/** The same in both trees: a key belongs to none. @throws Fault pack_not_found */
export const readKeychain =
  (the: ReadKeychainDeps) =>
  (tree: Tree, name: PackName): Promise<Document> =>
    through(the, name, `/${tree}/packs/${name}/-/keychain`, [KEYS_TOPIC, packTopic(name)], () =>
      makeKeychain(the, name),
    );
