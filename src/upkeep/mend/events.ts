// Writes again what follows from events about bases: where they are found, and which content they say was erased.
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import { inTransaction } from '../../database/transaction.ts';
import { lockBase } from '../../knowledge/bases/base-store.ts';
import { destroyBytes } from '../../knowledge/documents/erase.ts';
import { stopNaming } from '../../knowledge/documents/erase-store.ts';
import { cidOfDigest } from '../../protocol/cid.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { leftOfErased } from '../check/knowledge-erasures.ts';
import { eventsAboutBases, foundByDifference, foundByOf } from '../check/knowledge-events.ts';
import { toldEvent, toldPayload } from '../check/told.ts';
import {
  dropFoundBy,
  type FoundBy,
  foundByNothing,
  type KnowledgeEventRow,
  writeFoundBy,
} from '../found-by-store.ts';
import { type MendedErasure, recordErasure } from '../mending-store.ts';
import { inSnapshot } from '../upkeep-store.ts';
import type { MendDeps } from './mend.ts';

const mendFoundBy = async ({ sql, tell }: MendDeps, row: KnowledgeEventRow): Promise<void> => {
  if (foundByDifference(row) === undefined) return;
  const wanted = foundByOf(row);
  const found = { ...wanted, at: new Date(String(wanted.at)) } as FoundBy;
  await inTransaction(sql, (tx) => writeFoundBy(tx, row.id, found));
  tell(`event ${row.id}: found by what it says again`);
};

const digestIn = (named: unknown): Digest | undefined => parseDigest(String(named).replace(/^sha256:/, ''));

/** As the event has it; undefined for one that erased nothing. */
const erasureIn = (row: KnowledgeEventRow): MendedErasure | undefined => {
  if (row.kind !== 'KnowledgeBaseContentErased') return undefined;
  const [told, { actor }] = [toldPayload(row), toldEvent(row)];
  const digest = digestIn(told['digest']);
  if (digest === undefined) return undefined;
  return {
    base: String(told['knowledge_base_id']),
    digest,
    actor: String(actor),
    authority: String(told['authority']),
    reasonCode: String(told['reason_code']),
    at: row.at,
    eventId: row.id,
  };
};

/** What was erased stays so: nobody names it between the record and the end of its bytes. */
const mendErasure = async ({ sql, tell }: MendDeps, erasure: MendedErasure): Promise<void> => {
  const cid = cidOfDigest('raw', Buffer.from(erasure.digest, 'hex'));
  const done = await inTransaction(sql, async (tx) => {
    await lockBase(tx, erasure.base as BaseId);
    await stopNaming(tx, cid);
    return recordErasure(tx, erasure);
  });
  if (done) tell(`${erasure.base} sha256:${erasure.digest}: on record as erased again`);
};

/** The events have to be those that were sealed. */
export const mendFromEvents = async (the: MendDeps): Promise<void> => {
  const [index, erasures] = [the.report.has('event_index_differs'), the.report.has('erasure_differs')];
  if (!index && !erasures) return;
  await inSnapshot(the.sql, async (tx) => {
    for await (const row of eventsAboutBases(tx)) {
      const erasure = erasures ? erasureIn(row) : undefined;
      if (index) await mendFoundBy(the, row);
      if (erasure !== undefined) await mendErasure(the, erasure);
    }
  });
  const strays = index ? await foundByNothing(the.sql) : [];
  if (strays.length === 0) return;
  await inTransaction(the.sql, (tx) => dropFoundBy(tx, strays));
  for (const id of strays) the.tell(`event ${id}: found by nothing that is there; the row removed`);
};

/** Everything that is on record as erased and that nobody holds, whatever brought it back. */
export const destroyErased = async (the: Pick<MendDeps, 'sql' | 'blobs' | 'now' | 'tell'>): Promise<void> => {
  const destroy = destroyBytes(the);
  for await (const { digest, base } of leftOfErased({ db: the.sql, blobs: the.blobs }))
    if (await destroy(cidOfDigest('raw', Buffer.from(digest, 'hex'))))
      the.tell(`${base} sha256:${digest}: destroyed`);
};
