// The text of the registry index: one line for each pack.
import { type Document, KINDS } from '../../http/document.ts';
import { listDocument } from '../../http/list-document.ts';
import type { IndexedPack } from './index-store.ts';

/** A row as clients of the public registry read it: all of its members are always there. */
const indexEntry = ({ name, version, facts, yanked, deprecated }: IndexedPack) => ({
  name,
  kind: facts.kind,
  latestVersion: version,
  description: facts.description,
  license: facts.license,
  tags: facts.keywords,
  typeIds: facts.typeIds,
  nodeCount: facts.counts.nodeCount,
  agentCount: facts.counts.agentCount,
  deprecated,
  yanked,
});

export const rowText = (pack: IndexedPack): Buffer => Buffer.from(JSON.stringify(indexEntry(pack)));

export interface IndexHead {
  readonly generatedAt: Date;
  /** Of the whole index, whatever part of it is shown. */
  readonly packCount: number;
  readonly nextCursor?: string | undefined;
}

export const indexDocument = (head: IndexHead, rows: readonly Buffer[]): Promise<Document> => {
  const { generatedAt, packCount, nextCursor } = head;
  const members = { registryVersion: '1.0.0', generatedAt: generatedAt.toISOString(), packCount, nextCursor };
  return listDocument(KINDS.json, members, 'packs', rows);
};
