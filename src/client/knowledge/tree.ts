// Reads a version's tree out of nothing but the blocks that came with an answer: what they do not prove is not believed.
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { decodeEntry, type Entry, entryCid } from '../../protocol/knowledge/entry.ts';
import type { TreeProof } from '../../protocol/merkle-tree/proof.ts';
import type { Asked } from '../proven-event.ts';
import { type RefusalCode, refusal } from '../refusal.ts';
import type { Blocks, ToldEntry } from './shape.ts';
import type { BelievedVersion } from './version.ts';

const isEntry = (block: Uint8Array): boolean => {
  try {
    decodeEntry(block);
    return true;
  } catch (error) {
    if (error instanceof ContentError) return false;
    throw error;
  }
};

/** The proof among the blocks: those of entries come along, and prove nothing about the tree. */
export const nodesOf = (blocks: Blocks): TreeProof => [...blocks.values()].filter((block) => !isEntry(block));

/** What a tree proves. @throws Refusal with what the blocks lack, or what is wrong with them */
export const provenBy = async <T>(
  { question, path }: Asked,
  { version, manifest }: BelievedVersion,
  read: () => Promise<T>,
  code: RefusalCode = 'entry_unproven',
): Promise<T> => {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    const of = { path, version, content: manifest.content };
    throw refusal(question, code, { ...of, reason: error.code, ...error.details }, undefined, error);
  }
};

/** The entry of a block that is named after it. @throws Refusal `entry_mismatch` */
export const openEntry = ({ question, path }: Asked, expected: Cid, block: Uint8Array): Entry => {
  try {
    const entry = decodeEntry(block);
    const found = entryCid(entry);
    if (found === expected) return entry;
    throw refusal(question, 'entry_mismatch', { path, expected, found });
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw refusal(question, 'entry_mismatch', { path, expected, reason: error.code, ...error.details });
  }
};

/** Most entries have nothing in them that a list does not tell: their block can be made from that. */
const plainEntry = ({ blob, size, mediaType }: ToldEntry): Entry => ({ blob, size, mediaType, meta: {} });

const isNamed = (entry: Entry, cid: Cid): boolean => {
  try {
    return entryCid(entry) === cid;
  } catch (error) {
    if (error instanceof ContentError) return false;
    throw error;
  }
};

/**
 * The entry behind what a list tells, out of its block or out of what is told; undefined where neither is enough.
 * @throws Refusal `entry_mismatch` where the block says otherwise than the list
 */
export const entryBehind = (asked: Asked, told: ToldEntry, blocks: Blocks): Entry | undefined => {
  const block = blocks.get(told.entry);
  if (block === undefined) return isNamed(plainEntry(told), told.entry) ? plainEntry(told) : undefined;
  return requireTold(asked, told, openEntry(asked, told.entry, block));
};

/** @throws Refusal `entry_mismatch` unless the entry is as it was told */
export const requireTold = ({ question, path }: Asked, told: ToldEntry, entry: Entry): Entry => {
  const { blob, size, mediaType } = entry;
  if (blob === told.blob && size === told.size && mediaType === told.mediaType) return entry;
  const found = { blob: told.blob, size: told.size, mediaType: told.mediaType };
  throw refusal(question, 'entry_mismatch', {
    path,
    at: told.path,
    expected: { blob, size, mediaType },
    found,
  });
};
