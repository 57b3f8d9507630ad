// Bases for tests, written straight through the stores; what each version holds is kept beside them as plain maps.

import { envelopeText, signEnvelope } from '../../../keys/envelope.ts';
import type { Signer } from '../../../keys/signer.ts';
import type { Sql, Tx } from '../../../src/database/connect.ts';
import { inTransaction } from '../../../src/database/transaction.ts';
import type { BaseRecord } from '../../../src/knowledge/bases/base.ts';
import {
  findBase,
  insertBase,
  insertPolicy,
  movePointer,
  takeSeq,
} from '../../../src/knowledge/bases/base-store.ts';
import { insertRecords } from '../../../src/knowledge/events/event-store.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../../../src/knowledge/events/events.ts';
import { newUlid } from '../../../src/knowledge/events/new-id.ts';
import type { BlockStore } from '../../../src/knowledge/versions/block-store.ts';
import { changeEntries } from '../../../src/knowledge/versions/entry-store.ts';
import { insertPointerMove } from '../../../src/knowledge/versions/pointer-store.ts';
import type { EntryChange } from '../../../src/knowledge/versions/row-texts.ts';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import { insertVersion } from '../../../src/knowledge/versions/version-store.ts';
import { type Cid, cidOf } from '../../../src/protocol/cid.ts';
import { type Entry, encodeEntry, entryCid } from '../../../src/protocol/knowledge/entry.ts';
import type { KnowledgeContext, PointerReason } from '../../../src/protocol/knowledge/event.ts';
import {
  type BaseId,
  contributionIdOf,
  ownerOf,
  type PrincipalId,
} from '../../../src/protocol/knowledge/ids.ts';
import { DEFAULT_POLICY } from '../../../src/protocol/knowledge/policy.ts';
import { encodeVersion, versionCid, versionEnvelope } from '../../../src/protocol/knowledge/version.ts';
import { searchableWords } from '../../../src/protocol/knowledge/words.ts';
import { compareAsBytes, type KnowledgePath } from '../../../src/protocol/knowledge-path.ts';
import type { Block } from '../../../src/protocol/merkle-tree/growing.ts';
import { buildTree } from '../../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../../src/protocol/merkle-tree/profile.ts';
import { type BlobStore, bytesSource } from '../../../storage/blob-store.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';

/** A document by its text, its bytes, or with what else its entry says. */
export type Content =
  | string
  | Uint8Array
  | { readonly bytes: Uint8Array; readonly mediaType?: string; readonly meta?: Entry['meta'] };

/** Null takes a path away. */
export type Changes = Readonly<Record<string, Content | null>>;

export interface Held {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
}

export type Contents = ReadonlyMap<KnowledgePath, Held>;

export interface WriterDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly blocks: BlockStore;
  readonly signer: Signer;
  readonly now: () => Date;
  readonly makeEvent: MakeKnowledgeEvent;
}

export interface WrittenBase {
  readonly id: BaseId;
  /** Oldest first. */
  readonly versions: readonly VersionRecord[];
  readonly contentsOf: (version: VersionRecord) => Contents;
  /**
   * Makes the next version, on the newest one unless told, and moves the pointer to it unless told not to.
   */
  readonly addVersion: (changes: Changes, options?: AddOptions) => Promise<VersionRecord>;
  readonly moveTo: (version: VersionRecord, reason?: PointerReason) => Promise<void>;
  /** How it stands in the database now. */
  readonly standing: () => Promise<BaseRecord>;
}

export interface AddOptions {
  readonly on?: VersionRecord;
  readonly move?: boolean;
}

const PROPOSER = 'human:acme.example:author' as PrincipalId;

const bytesOf = (content: Content): Uint8Array =>
  typeof content === 'string'
    ? new TextEncoder().encode(content)
    : content instanceof Uint8Array
      ? content
      : content.bytes;

export const heldOf = (content: Content): Held => {
  const bytes = bytesOf(content);
  const given: Partial<Pick<Entry, 'mediaType' | 'meta'>> =
    typeof content === 'object' && !(content instanceof Uint8Array) ? content : {};
  const usual = typeof content === 'string' ? 'text/markdown' : 'application/octet-stream';
  const { mediaType = usual, meta = {} } = given;
  return { bytes, entry: { blob: cidOf('raw', bytes), size: bytes.length, mediaType, meta } };
};

export const recordOfBase = (id: BaseId, now: Date, changes: Partial<BaseRecord> = {}): BaseRecord => ({
  id,
  workforce: ownerOf(id),
  registration: {
    title: 'Handbook',
    purpose: 'Tests',
    steward: PROPOSER,
    data_manifest: {
      sources: [{ uri: 'https://acme.example/handbook', purpose: 'all of it' }],
      sensitivity: changes.sensitivity ?? 'internal',
      residency: null,
      approval_model: 'reviewed',
    },
    retention: { min_days: 0, min_versions: 1, legal_hold: false },
  },
  sensitivity: 'internal',
  policy: DEFAULT_POLICY,
  policyVersion: 1,
  paused: false,
  reads: true,
  held: false,
  generation: 0,
  current: null,
  pointerEvent: null,
  lastSeq: 0,
  registeredAt: now,
  eventId: `event-of-${id}`,
  ...changes,
});

const treeOf = (contents: Contents): { readonly root: Cid; readonly blocks: readonly Block[] } => {
  const entries = [...contents]
    .map(([path, { entry }]) => ({ path, value: entryCid(entry) }))
    .sort((a, b) => compareAsBytes(a.path, b.path));
  const blocks: Block[] = [];
  const building = buildTree(KNOWLEDGE_TREE, entries);
  for (let step = building.next(); ; step = building.next()) {
    if (step.done) return { root: step.value, blocks };
    blocks.push(step.value);
  }
};

const cidAt = (contents: Contents, path: KnowledgePath): Cid | undefined => {
  const held = contents.get(path);
  return held && entryCid(held.entry);
};

const changesBetween = (from: Contents, to: Contents): readonly EntryChange[] =>
  [...new Set([...from.keys(), ...to.keys()])]
    .filter((path) => cidAt(from, path) !== cidAt(to, path))
    .map((path) => ({ path, entry: to.get(path)?.entry ?? null }));

const changed = (contents: Contents, changes: Changes): Contents => {
  const next = new Map(contents);
  for (const [path, content] of Object.entries(changes)) {
    if (content === null) next.delete(path as KnowledgePath);
    else next.set(path as KnowledgePath, heldOf(content));
  }
  return next;
};

/** Puts a document's bytes, and the rows by which it is known and found. */
export const putDocument = async (
  the: WriterDeps,
  base: BaseId,
  { bytes }: Held,
  by: PrincipalId = PROPOSER,
) => {
  const digest = digestOf(bytes);
  await the.blobs.put(blobKey(digest), bytesSource(bytes));
  await the.sql`
    insert into knowledge_documents (base, blob, size, uploaded_by, uploaded_at)
    values (${base}, decode(${digest}, 'hex'), ${bytes.length}, ${by}, ${the.now()}) on conflict do nothing`;
  const words = searchableWords(bytes);
  if (words === undefined) return;
  await the.sql`
    insert into knowledge_words (blob, words, counts)
    values (decode(${digest}, 'hex'), ${[...words.keys()]}::text[], ${[...words.values()]}::integer[])
    on conflict do nothing`;
};

const contextOf = (base: BaseId, causationId: string | null): Omit<KnowledgeContext, 'subject'> => ({
  workforce: ownerOf(base),
  actor: PROPOSER,
  role: null,
  clauses: [],
  causationId,
});

const createdEvent = (the: WriterDeps, version: Omit<VersionRecord, 'eventId'>): KnowledgeRecord =>
  the.makeEvent(
    'KnowledgeBaseVersionCreated',
    contextOf(version.base, null),
    {
      knowledge_base_id: version.base,
      knowledge_base_version: version.id,
      version_seq: version.seq,
      parent_version: version.parent,
      content: version.content,
      entry_count: version.entries,
      total_bytes: version.bytes,
      contribution_id: version.contribution,
      created_by: version.proposer,
    },
    { base: version.base, contribution: version.contribution },
  );

const move = async (the: WriterDeps, tx: Tx, to: VersionRecord, reason: PointerReason): Promise<void> => {
  const base = await findBase(tx, to.base);
  if (base === undefined) throw new Error('the base is gone');
  const generation = base.generation + 1;
  const event = the.makeEvent(
    'KnowledgeBaseCurrentPointerMoved',
    contextOf(to.base, to.eventId),
    { knowledge_base_id: to.base, from_version: base.current, to_version: to.id, generation, reason },
    { base: to.base },
  );
  await movePointer(tx, to.base, base.generation, to.id, event.event.id);
  await insertPointerMove(tx, {
    base: to.base,
    generation,
    from: base.current,
    to: to.id,
    reason,
    rollbackOf: reason === 'rollback' ? base.pointerEvent : null,
    justification: null,
    actor: PROPOSER,
    at: event.event.at,
    eventId: event.event.id,
  });
  await insertRecords(tx, [event]);
};

const sizeOf = (contents: Contents): number =>
  [...contents.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);

/** The workforce has to be there. */
export const writeBase = async (
  the: WriterDeps,
  id: BaseId,
  changes: Partial<BaseRecord> = {},
): Promise<WrittenBase> => {
  const registered = recordOfBase(id, the.now(), changes);
  await inTransaction(the.sql, async (tx) => {
    await insertBase(tx, registered);
    await insertPolicy(tx, id, 1, registered.policy, registered.registeredAt, registered.eventId);
  });
  const versions: VersionRecord[] = [];
  const contents = new Map<Cid, Contents>();
  const contentsOf = (version: VersionRecord): Contents => contents.get(version.id) ?? new Map();

  const versionOf = async (next: Contents, parent: VersionRecord | undefined, content: Cid) => {
    const createdAt = the.now();
    const contribution = contributionIdOf(id, newUlid(createdAt));
    const facts = {
      seq: versions.length + 1,
      parent: parent?.id ?? null,
      content,
      entries: next.size,
      bytes: sizeOf(next),
      contribution,
      proposer: PROPOSER,
    };
    const manifest = encodeVersion({
      ...facts,
      v: 1,
      kb: id,
      profile: KNOWLEDGE_TREE.name,
      policyVersion: 1,
      createdAt: createdAt.toISOString(),
    });
    const signature = envelopeText(await signEnvelope(versionEnvelope(manifest), [the.signer]));
    return { ...facts, id: versionCid(manifest), base: id, manifest, signature, createdAt };
  };

  const addVersion: WrittenBase['addVersion'] = async (
    wanted,
    { on = versions.at(-1), move: moves = true } = {},
  ) => {
    const newest = versions.at(-1);
    const next = changed(on === undefined ? new Map() : contentsOf(on), wanted);
    for (const held of next.values()) await putDocument(the, id, held);
    const { root, blocks } = treeOf(next);
    const entries = [...next.values()].map(({ entry }) => ({
      cid: entryCid(entry),
      bytes: encodeEntry(entry),
    }));
    await the.blocks.put([...blocks, ...entries]);
    const draft = await versionOf(next, on, root);
    const created = createdEvent(the, draft);
    const version: VersionRecord = { ...draft, eventId: created.event.id };
    await inTransaction(the.sql, async (tx) => {
      await takeSeq(tx, id, version.seq);
      await insertVersion(tx, version);
      const before = newest === undefined ? new Map() : contentsOf(newest);
      await changeEntries(tx, id, version.seq, changesBetween(before, next));
      await insertRecords(tx, [created]);
      if (moves) await move(the, tx, version, 'accept');
    });
    versions.push(version);
    contents.set(version.id, next);
    return version;
  };

  return {
    id,
    versions,
    contentsOf,
    addVersion,
    moveTo: (version, reason = 'rollback') => inTransaction(the.sql, (tx) => move(the, tx, version, reason)),
    standing: async () => {
      const found = await findBase(the.sql, id);
      if (found === undefined) throw new Error('the base is gone');
      return found;
    },
  };
};
