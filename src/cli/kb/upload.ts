// Brings the documents of a proposal to the registry, each once, and says how far that is.
import { type Cid, cidOf } from '../../protocol/cid.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { StandingError } from '../failure.ts';
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
  readonly size: number;
}

const isSame = ({ document, blob }: Found, entry: Entry | undefined): boolean =>
  entry !== undefined &&
  entry.blob === blob &&
  entry.mediaType === document.mediaType &&
  JSON.stringify(entry.meta) === JSON.stringify(document.meta);

const changeOf = ({ document, blob, size }: Found): Change => {
  const { path, mediaType, meta } = document;
  const more = Object.keys(meta).length === 0 ? {} : { meta };
  return { op: 'put', path, blob, size, media_type: mediaType, ...more };
};

const differing = async (
  documents: readonly SourceDocument[],
  standing: Standing,
): Promise<readonly Found[]> => {
  const all: Found[] = [];
  for (const document of documents) {
    const bytes = await document.read();
    const found = { document, blob: cidOf('raw', bytes), size: bytes.length };
    if (!isSame(found, standing.get(document.path))) all.push(found);
  }
  return all;
};

/** What a policy takes at once; undefined is any number. Known before a byte is sent. @throws StandingError */
const requireFew = (many: number, most: number | undefined): void => {
  if (most === undefined || many <= most) return;
  throw new StandingError(
    'too_many_changes',
    `These are ${many} changes, and the policy takes at most ${most} at once: propose them in parts, folder by folder with --into, or let its steward raise max_changes.`,
  );
};

/**
 * Uploads what the base does not have; gives the changes that make it have it.
 * @param most how many it may be
 */
export const bringDocuments = async (
  registry: KnowledgeRegistry,
  base: string,
  documents: readonly SourceDocument[],
  standing: Standing,
  most: number | undefined,
): Promise<readonly Change[]> => {
  const found = await differing(documents, standing);
  requireFew(found.length, most);
  const tell = progressLine();
  const brought = new Set<Cid>();
  for (const [at, { document, blob }] of found.entries()) {
    tell('Documents', at, found.length);
    if (!brought.has(blob))
      await registry.upload(`${baseAddress(base)}/documents/${blob}`, await document.read());
    brought.add(blob);
  }
  return found.map(changeOf);
};
