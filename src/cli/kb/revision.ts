// The revision of a contribution that stands now, its digest made anew from what it would change.
import type { JsonObject } from '../../../keys/canonical.ts';
import { refusal } from '../../client/refusal.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type KnowledgeChange, type NamedDigest, revisionDigest } from '../../protocol/knowledge/changes.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import { type BaseId, parseBaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { StandingError, UsageError } from '../failure.ts';
import { rowsAt } from '../table.ts';
import { contributionAddress, contributionNamed } from './names.ts';
import type { KnowledgeRegistry } from './registry.ts';

/** A decision is about the revision that was looked at, and no other. */
export interface StandingRevision {
  readonly id: string;
  readonly base: BaseId;
  /** From 1. */
  readonly number: number;
  readonly digest: NamedDigest;
  readonly changes: readonly KnowledgeChange[];
  /** Everything that the registry tells of the contribution. */
  readonly body: JsonObject;
}

const entryOf = (row: JsonObject): Entry => ({
  blob: (textOf(row['blob']) ?? '') as Cid,
  size: Number(row['size']),
  mediaType: textOf(row['media_type']) ?? '',
  meta: Object.fromEntries(
    Object.entries(objectOf(row['meta']) ?? {}).map(([name, value]) => [name, String(value)]),
  ),
});

const changeOf = (row: JsonObject): KnowledgeChange => {
  const path = (textOf(row['path']) ?? '') as KnowledgePath;
  return row['op'] === 'delete' ? { op: 'delete', path } : { op: 'put', path, entry: entryOf(row) };
};

const digestOf = (base: BaseId, revision: JsonObject): NamedDigest | undefined => {
  try {
    const version = (textOf(revision['base_version']) ?? null) as Cid | null;
    return revisionDigest(base, version, rowsAt(revision, 'changes').map(changeOf));
  } catch (error) {
    if (error instanceof ContentError || error instanceof TypeError) return undefined;
    throw error;
  }
};

/** Whoever decides names this digest: it must be of what he was shown. @throws Refusal `hash_mismatch` */
const requireDigest = (id: string, base: BaseId, revision: JsonObject): NamedDigest => {
  const found = textOf(revision['revision_digest']) ?? '';
  const expected = digestOf(base, revision);
  if (expected === found) return expected;
  throw refusal('document', 'hash_mismatch', { contribution_id: id, expected, found });
};

/**
 * @param looked the digest of what was looked at, where that is said
 * @throws StandingError where another revision stands now; Refusal where its digest is not of what it changes
 */
export const standingRevision = async (
  registry: KnowledgeRegistry,
  name: string,
  looked?: string,
): Promise<StandingRevision> => {
  const id = await contributionNamed(registry, name);
  const body = await registry.read(contributionAddress(id));
  const base = parseBaseId(textOf(body['knowledge_base_id']) ?? '');
  const revision = objectOf(body['revision']);
  if (base === undefined || revision === undefined) throw new UsageError(`Nobody shows you ${id}.`);
  const digest = requireDigest(id, base, revision);
  const number = Number(revision['revision']);
  if (looked !== undefined && looked !== digest)
    throw new StandingError(
      'revision_moved',
      `That is not the revision that stands. Revision ${number} stands now, ${digest}: look at it with "attestry kb review ${id}".`,
    );
  return { id, base, number, digest, changes: rowsAt(revision, 'changes').map(changeOf), body };
};
