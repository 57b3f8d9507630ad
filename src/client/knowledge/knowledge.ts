// The bases of one registry: nothing that is read from them is handed over before it was proven.
import type { Transport } from '../network/transport.ts';
import type { OpenRegistry } from '../registry.ts';
import { type LookOptions, lookAtRegistry } from '../registry.ts';
import type { TrustStore } from '../trust-state.ts';
import type { KnowledgeDeps } from './deps.ts';
import { diffVersions } from './diff.ts';
import { getDocument } from './entry.ts';
import { checkEvent } from './event.ts';
import { listDocuments } from './list.ts';
import { knowledgeReader } from './reader.ts';
import { searchDocuments } from './search.ts';
import { believeVersion } from './version.ts';

export interface Knowledge {
  readonly registry: OpenRegistry;
  /** Begins everything: `{base, selector}` → a version that is believed, from which the others read. */
  readonly version: ReturnType<typeof believeVersion>;
  /** A document, or the proof that there is none. */
  readonly get: ReturnType<typeof getDocument>;
  readonly list: ReturnType<typeof listDocuments>;
  readonly search: ReturnType<typeof searchDocuments>;
  readonly diff: ReturnType<typeof diffVersions>;
  readonly checkEvent: ReturnType<typeof checkEvent>;
}

export interface KnowledgePolicy {
  /** Takes a pinned version for what its content id says alone. */
  readonly trustPins?: boolean | undefined;
}

export interface KnowledgeSources extends KnowledgePolicy {
  readonly registry: OpenRegistry;
  readonly transport: Transport;
  readonly store: TrustStore;
}

export const knowledgeOf = (sources: KnowledgeSources): Knowledge => {
  const { registry, transport, store, trustPins = false } = sources;
  const the: KnowledgeDeps = {
    registry,
    reader: knowledgeReader(transport, registry.reader.base),
    store,
    trustPins,
  };
  return {
    registry,
    version: believeVersion(the),
    get: getDocument(the),
    list: listDocuments(the),
    search: searchDocuments(the),
    diff: diffVersions(the),
    checkEvent: checkEvent(the),
  };
};

/** Over any transport and memory, as a browser has to. Throws like `lookAtRegistry`. */
export const lookAtKnowledge = async (options: LookOptions & KnowledgePolicy): Promise<Knowledge> => {
  const { transport, store, trustPins } = options;
  return knowledgeOf({ registry: await lookAtRegistry(options), transport, store, trustPins });
};
