// A document that somebody would put into a base, wherever it comes from.
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';

export interface SourceDocument {
  readonly path: KnowledgePath;
  readonly mediaType: string;
  readonly meta: Readonly<Record<string, string>>;
  readonly read: () => Promise<Uint8Array>;
}
