// Trees for tests: blocks in memory that count what is read, entries out of numbers, and how refusals are told.
import { utf8 } from '../../../keys/bytes.ts';
import { type Cid, cidOf } from '../../../src/protocol/cid.ts';
import { ContentError, type ContentErrorCode } from '../../../src/protocol/content-errors.ts';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import type { Change } from '../../../src/protocol/merkle-tree/edit.ts';
import type { Block } from '../../../src/protocol/merkle-tree/growing.ts';
import { buildTree } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import type { TreeEntry } from '../../../src/protocol/merkle-tree/node.ts';
import type { TreeReader } from '../../../src/protocol/merkle-tree/place.ts';
import type { TreeProfile } from '../../../src/protocol/merkle-tree/profile.ts';
import { vectors } from '../../keys/trust-world.ts';

/** The profile of the public vectors; small nodes also make more layers of few entries. */
export const PUBLIC_TREE: TreeProfile = { name: 'public vectors', bits: 2, maxEntries: 512 };

export interface TreeVectors {
  readonly depths: readonly { path: string; bits: number; depth: number }[];
  readonly depthInName: readonly string[];
  readonly shared: readonly { left: string; right: string; shared: number }[];
  readonly edits: readonly {
    readonly why: string;
    readonly value: Cid;
    readonly paths: readonly KnowledgePath[];
    readonly set: readonly KnowledgePath[];
    readonly deleted: readonly KnowledgePath[];
    readonly root: Cid;
    readonly edited: Cid;
    readonly blocks: readonly Cid[];
  }[];
  readonly trees: {
    readonly value: Cid;
    readonly list: readonly {
      readonly why: string;
      readonly bits: number;
      readonly paths?: readonly KnowledgePath[];
      readonly documents?: number;
      readonly root: Cid;
      readonly nodes: number;
    }[];
  };
  readonly refused: readonly { why: string; code: ContentErrorCode; hex: string }[];
}

export const treeVectors = (): TreeVectors => vectors<TreeVectors>('merkle-tree');

export type Entries = ReadonlyMap<KnowledgePath, Cid>;

export const valueFor = (seed: number | string): Cid => cidOf('raw', utf8(`value ${seed}`));

export const documentPath = (number: number): KnowledgePath =>
  `handbook/${String(number % 40).padStart(3, '0')}/page-${number}.md` as KnowledgePath;

/** That many documents, each with a value of its own. */
export const documents = (count: number): Entries =>
  new Map(Array.from({ length: count }, (_, number) => [documentPath(number), valueFor(number)]));

export const sorted = (entries: Entries): readonly TreeEntry[] =>
  [...entries].map(([path, value]) => ({ path, value })).sort((a, b) => compareAsBytes(a.path, b.path));

/** The entries after the changes. */
export const changed = (entries: Entries, changes: readonly Change[]): Entries => {
  const outcome = new Map(entries);
  for (const { path, value } of changes) {
    if (value === null) outcome.delete(path);
    else outcome.set(path, value);
  }
  return outcome;
};

export interface Store {
  readonly blocks: Map<Cid, Uint8Array>;
  /** Every name that was asked for. */
  readonly asked: Cid[];
  readonly reader: TreeReader;
  readonly put: (blocks: Iterable<Block>) => void;
}

export const emptyStore = (profile: TreeProfile): Store => {
  const blocks = new Map<Cid, Uint8Array>();
  const asked: Cid[] = [];
  const get = async (cid: Cid) => {
    asked.push(cid);
    return blocks.get(cid);
  };
  const put = (added: Iterable<Block>) => {
    for (const { cid, bytes } of added) blocks.set(cid, bytes);
  };
  return { blocks, asked, reader: { profile, blocks: { get } }, put };
};

export interface Built {
  readonly root: Cid;
  readonly blocks: readonly Block[];
}

/** The tree of these entries, and its blocks in the order in which they came. */
export const built = (profile: TreeProfile, entries: Iterable<TreeEntry>): Built => {
  const blocks: Block[] = [];
  const building = buildTree(profile, entries);
  for (let step = building.next(); ; step = building.next()) {
    if (step.done) return { root: step.value, blocks };
    blocks.push(step.value);
  }
};

/** Puts the tree of these entries into the store. */
export const grown = (store: Store, entries: Entries): Cid => {
  const { root, blocks } = built(store.reader.profile, sorted(entries));
  store.put(blocks);
  return root;
};

/** The code of the ContentError that an action throws or rejects with; undefined for none; anything else goes on. */
export const refusedAs = async (action: () => unknown): Promise<ContentErrorCode | undefined> => {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof ContentError) return error.code;
    throw error;
  }
};
