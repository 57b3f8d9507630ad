// That a version has an entry at a path, or none: from the entry's block up to the signed manifest and the log.

import type { Queryable } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { decodeEntry } from '../../protocol/knowledge/entry.ts';
import { hashOfList } from '../../protocol/knowledge/retrieved.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { BlockSource } from '../../protocol/merkle-tree/place.ts';
import { KNOWLEDGE_TREE } from '../../protocol/merkle-tree/profile.ts';
import { provePath, type TreeProof } from '../../protocol/merkle-tree/proof.ts';
import type { VersionRecord } from '../versions/version.ts';
import { findVersion } from '../versions/version-store.ts';
import { entryBlocks } from './entries.ts';
import type { Look } from './retrieval.ts';
import { versionFor } from './retrieve.ts';

export type ProofRequest = { readonly kind: 'proof'; readonly path: KnowledgePath };

export interface GivenProof {
  readonly record: VersionRecord;
  readonly path: KnowledgePath;
  /** Null where the version has nothing at the path, which the nodes prove. */
  readonly entry: { readonly cid: Cid; readonly block: Uint8Array } | null;
  readonly nodes: TreeProof;
}

export interface ProofDeps {
  readonly db: Queryable;
  readonly blocks: BlockSource;
}

const entryOf = async (blocks: BlockSource, cid: Cid | undefined): Promise<GivenProof['entry']> => {
  if (cid === undefined) return null;
  const [block] = await entryBlocks(blocks, [cid]);
  return block === undefined ? null : { cid, block };
};

/** @throws Fault version_not_found */
export const lookAtProof =
  (the: ProofDeps): Look<ProofRequest, GivenProof> =>
  async (base, selector, { path }) => {
    const version = await versionFor(the.db, base, selector);
    const record = await findVersion(the.db, base, version.id);
    if (record === undefined) throw new Error(`${version.id} is gone`);
    const reader = { profile: KNOWLEDGE_TREE, blocks: the.blocks };
    const { value, proof } = await provePath(reader, version.content, path);
    const entry = await entryOf(the.blocks, value);
    const given = { record, path, entry, nodes: proof };
    const told = entry === null ? [] : [{ path, blob: decodeEntry(entry.block).blob }];
    return { version, hash: hashOfList(told), entries: told.length, bytes: 0, given };
  };
