// The archive of a version as an honest registry writes it.
import { utf8 } from '../../keys/bytes.ts';
import { type Cid, cidOf } from '../../src/protocol/cid.ts';
import { type ArchivedItem, writeVersionCar } from '../../src/protocol/knowledge/car.ts';
import { walkContent } from '../../src/protocol/knowledge/content-walk.ts';
import { type Entry, encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import type { MadeVersion } from './knowledge-world.ts';

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

async function* itemsOf({ manifest, entries, documents }: MadeVersion): AsyncGenerator<ArchivedItem> {
  const values = [...entries].map(([path, entry]) => ({ path, value: entryCid(entry) }));
  const nodes = new Map<Cid, Uint8Array>();
  for (const { cid, bytes } of buildTree(KNOWLEDGE_TREE, values)) nodes.set(cid, bytes);
  for await (const step of walkContent({ get: async (cid) => nodes.get(cid) }, manifest.content)) {
    if (step.kind === 'node') yield step;
    else {
      const entry = entries.get(step.path) as Entry;
      const block = encodeEntry(entry);
      const document = bytesOf(documents[step.path] ?? '');
      yield {
        kind: 'entry',
        path: step.path,
        entry,
        block: { cid: cidOf('dag-cbor', block), bytes: block },
        document,
      };
    }
  }
}

export const archiveOf = async (version: MadeVersion): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeVersionCar(version, itemsOf(version))) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
};
