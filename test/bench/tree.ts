// The tree of a knowledge base: a million entries built at once, and single changes to it, beside the bare hashing in it.
import { hash } from 'node:crypto';
import { type Cid, cidOf } from '../../src/protocol/cid.ts';
import type { KnowledgePath } from '../../src/protocol/knowledge-path.ts';
import { editTree } from '../../src/protocol/merkle-tree/edit.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import type { TreeEntry } from '../../src/protocol/merkle-tree/node.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

const LARGE = 1_000_000;
const SMALL = 50_000;
const ROUNDS = 2;

const pathOf = (number: number): KnowledgePath =>
  `handbook/${String(number).padStart(7, '0')}/page.md` as KnowledgePath;

const before = cidOf('raw', new Uint8Array(1));
const after = cidOf('raw', new Uint8Array(2));

function* entries(count: number): Generator<TreeEntry> {
  for (let number = 0; number < count; number += 1) yield { path: pathOf(number), value: before };
}

const rateOf = async (count: number, work: () => Promise<void> | void): Promise<number> => {
  const started = performance.now();
  await work();
  return count / ((performance.now() - started) / 1_000);
};

const buildAll = (count: number): { root: Cid; blocks: ReadonlyMap<Cid, Uint8Array> } => {
  const blocks = new Map<Cid, Uint8Array>();
  const building = buildTree(KNOWLEDGE_TREE, entries(count));
  for (let step = building.next(); ; step = building.next()) {
    if (step.done) return { root: step.value, blocks };
    blocks.set(step.value.cid, step.value.bytes);
  }
};

const hashPaths = (count: number): void => {
  for (let number = 0; number < count; number += 1) hash('sha256', pathOf(number), 'buffer');
};

export async function* benchTree({ rounds, milliseconds }: Bench): AsyncGenerator<Comparison> {
  const count = milliseconds < 1_000 ? SMALL : LARGE;
  const building = [
    { name: 'attestry build', run: () => rateOf(count, () => void buildAll(count)) },
    { name: 'bare SHA-256 of each path', run: () => rateOf(count, () => hashPaths(count)) },
  ];
  const [build, paths] = await inTurns(building, Math.min(rounds, ROUNDS));
  yield compare(`entries of a tree of ${count}`, build, paths);

  const { root, blocks } = buildAll(count);
  const reader = { profile: KNOWLEDGE_TREE, blocks: { get: async (cid: Cid) => blocks.get(cid) } };
  const edits = Array.from({ length: 1_000 }, (_, at) => ({
    path: pathOf((at * 997) % count),
    value: after,
  }));
  const written: Uint8Array[] = [];
  const edit = async () => {
    for (const change of edits)
      written.push(...(await editTree(reader, root, [change])).blocks.map(({ bytes }) => bytes));
  };
  await edit();
  const hashed = written.splice(0);
  const editing = [
    { name: 'attestry edit', run: () => rateOf(edits.length, edit) },
    {
      name: 'bare SHA-256 of the blocks it writes',
      run: () => rateOf(edits.length, () => hashed.forEach((bytes) => void hash('sha256', bytes, 'buffer'))),
    },
  ];
  const [ours, bare] = await inTurns(editing, rounds);
  yield compare(`single changes to a tree of ${count}`, ours, bare);
}
