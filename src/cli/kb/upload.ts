// Brings the documents of a proposal to the registry, each once, and says how far that is.
import { type Cid, cidOf } from '../../protocol/cid.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { progressLine } from '../operating.ts';
import { baseAddress } from './names.ts';
import type { KnowledgeRegistry } from './registry.ts';
import type { SourceDocument } from './source-document.ts';

export type Change =
  | {
      readonly op: 'put';
      readonly path: KnowledgePath;
      readonly blob: Cid;
      readonly size: number;
      readonly media_type: string;
      readonly meta?: Readonly<Record<string, string>>;
    }
  | { readonly op: 'delete'; readonly path: KnowledgePath };

/** What stands in a base, by its path. */
export type Standing = ReadonlyMap<string, Entry>;

interface Found {
  readonly document: SourceDocument;
  readonly blob: Cid;
  readonly bytes: Uint8Array;
}

const isSame = ({ document, blob }: Found, entry: Entry | undefined): boolean =>
  entry !== undefined &&
  entry.blob === blob &&
  entry.mediaType === document.mediaType &&
  JSON.stringify(entry.meta) === JSON.stringify(document.meta);

const changeOf = ({ document, blob, bytes }: Found): Change => {
  const { path, mediaType, meta } = document;
  const more = Object.keys(meta).length === 0 ? {} : { meta };
  return { op: 'put', path, blob, size: bytes.length, media_type: mediaType, ...more };
};

/** Uploads what the base does not have; gives the changes that make it have it. */
export const bringDocuments = async (
  registry: KnowledgeRegistry,
  base: string,
  documents: readonly SourceDocument[],
  standing: Standing,
): Promise<readonly Change[]> => {
  const tell = progressLine();
  const brought = new Set<Cid>();
  const changes: Change[] = [];
  for (const [at, document] of documents.entries()) {
    tell('Documents', at, documents.length);
    const bytes = await document.read();
    const found = { document, bytes, blob: cidOf('raw', bytes) };
    if (isSame(found, standing.get(document.path))) continue;
    if (!brought.has(found.blob))
      await registry.upload(`${baseAddress(base)}/documents/${found.blob}`, bytes);
    brought.add(found.blob);
    changes.push(changeOf(found));
  }
  return changes;
};
