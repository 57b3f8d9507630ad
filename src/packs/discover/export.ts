// Gives out all agents there are, as text in pieces: a few manifests in memory at a time, and so many readers at once.
import { Readable } from 'node:stream';
import { fault, type Tree } from '../../protocol/faults.ts';
import { agentsOf } from './agents.ts';
import type { ReadManifest } from './manifest-store.ts';

/** The manifests behind a pack, by name; none at the end. */
export type AgentsAfter = (tree: Tree, after: string, limit: number) => Promise<readonly ReadManifest[]>;

/** A manifest has at most a quarter of a megabyte, and whoever reads slowly holds so many. */
const MANIFESTS_AT_ONCE = 8;
const READERS_AT_ONCE = 16;

const textOf = ({ name, version, manifest }: ReadManifest): readonly string[] =>
  agentsOf(manifest).map((agent) => JSON.stringify({ ...agent, packName: name, packVersion: version }));

/** Every agent of the latest version of every pack, with what it came in. */
const exportText = async function* (
  first: readonly ReadManifest[],
  next: (after: string) => Promise<readonly ReadManifest[]>,
): AsyncGenerator<string> {
  let total = 0;
  yield '{"manifests":[';
  for (let some = first; some.length > 0; some = await next(some.at(-1)?.name ?? '')) {
    for (const text of some.flatMap(textOf)) {
      yield `${total === 0 ? '' : ','}\n${text}`;
      total += 1;
    }
  }
  yield `\n],"total":${total}}\n`;
};

/** `GET /v1/packs/export`. @throws Fault busy, before anything is read */
export const openExport = (agentsAfter: AgentsAfter) => {
  let readers = 0;
  return async (tree: Tree): Promise<Readable> => {
    if (readers >= READERS_AT_ONCE) throw fault('busy', { limit: READERS_AT_ONCE });
    readers += 1;
    const next = (after: string) => agentsAfter(tree, after, MANIFESTS_AT_ONCE);
    try {
      const text = Readable.from(exportText(await next(''), next));
      return text.once('close', () => {
        readers -= 1;
      });
    } catch (error) {
      readers -= 1;
      throw error;
    }
  };
};
