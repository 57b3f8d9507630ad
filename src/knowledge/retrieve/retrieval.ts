// What a retrieval reads and what came of looking: the version it stands on, its hash, what is given out. Pure.

import type { JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../../protocol/cid.ts';
import { fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { BaseId, Selector } from '../../protocol/knowledge/ids.ts';
import { requireReads } from '../bases/base.ts';

/** The one version that a whole answer comes from. */
export interface ReadVersion {
  readonly base: BaseId;
  readonly id: Cid;
  readonly seq: number;
  /** The root of its tree. */
  readonly content: Cid;
  /** The event that created it. */
  readonly eventId: string;
}

export interface Looked<Given> {
  readonly version: ReadVersion;
  /** Of all that is given. */
  readonly hash: NamedDigest;
  readonly entries: number;
  /** Of documents that are given. */
  readonly bytes: number;
  readonly given: Given;
  /** The request as it is recorded, where looking found out what a word in it stood for. */
  readonly resolved?: JsonObject;
  /** Lets go of what was opened, where nothing of it is given out after all. */
  readonly release?: () => Promise<void>;
}

/** Finds what would be given; nothing leaves before it is recorded. The same request finds the same, whenever it is made. */
export type Look<Request extends JsonObject, Given> = (
  base: BaseId,
  selector: Selector,
  request: Request,
) => Promise<Looked<Given>>;

/** A base as a reader finds it, with the version that he asked for where there is one. */
export interface FoundVersion {
  readonly paused: boolean;
  readonly reads: boolean;
  readonly version: ReadVersion | undefined;
}

/** @throws Fault knowledge_base_not_found, knowledge_base_paused, version_not_found */
export const requireReadable = (
  base: BaseId,
  selector: Selector,
  found: FoundVersion | undefined,
): ReadVersion => {
  if (found === undefined) throw fault('knowledge_base_not_found', { knowledge_base_id: base });
  requireReads(base, found);
  if (found.version !== undefined) return found.version;
  throw fault('version_not_found', { knowledge_base_id: base, version: selector });
};
