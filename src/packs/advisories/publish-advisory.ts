// Publishes an advisory: what it names is yanked in the same transaction, so that none stands over a version on offer.
import type { Body } from '../../access/fields.ts';
import { requireStillHolding } from '../../access/namespaces/held-by.ts';
import { actorOf, isOperator, type Principal } from '../../access/principal.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { holdVersions } from '../lifecycle/standing.ts';
import { yankHeld } from '../lifecycle/yank.ts';
import {
  type AdvisoryContent,
  advisoryJson,
  affects,
  packsIn,
  readContent,
  readDay,
  readId,
  unmatched,
} from './advisory.ts';
import {
  type AdvisoryRecord,
  countGiven,
  findAdvisory,
  findSame,
  freeId,
  insertAdvisory,
  lockAdvice,
  lockAdvisories,
  versionsOfPacks,
} from './advisory-store.ts';
import {
  type Advised,
  type AdvisoryDeps,
  groundsOf,
  type ReceiptedAdvice,
  requireAuthor,
  requirePacks,
  tellAdvised,
} from './author.ts';
import { adviceOn } from './yanks.ts';

/** Everything here was chosen by the caller. */
export interface AdvisoryRequest {
  readonly authorization: string | undefined;
  readonly body: Body;
}

interface Publication {
  readonly content: AdvisoryContent;
  /** Undefined where the registry gives the next one. */
  readonly id: string | undefined;
  /** Of an advisory that was published elsewhere before. */
  readonly publishedAt: Date | undefined;
}

/** The date of a change is the registry's to say. */
const readPublication = ({ id, publishedAt, updatedAt: _, ...content }: Body): Publication => ({
  content: readContent(content),
  id: id === undefined ? undefined : readId(id),
  publishedAt: publishedAt === undefined ? undefined : readDay(publishedAt),
});

/**
 * The same content again is no news, while it is in force.
 * @throws Fault validation_error, forbidden, pack_namespace_unauthorized, already_exists, key_revoked
 */
export const publishAdvisory =
  (the: AdvisoryDeps) =>
  async ({ authorization, body }: AdvisoryRequest): Promise<ReceiptedAdvice> => {
    const by = await requireAuthor(the, authorization);
    const wanted = readPublication(body);
    await requirePacks(the, by, wanted.content);
    requireGiven(by, wanted);
    // The point of no return: advisory, yanks and all their events are there, or none of it.
    const advised = await inTransaction(the.sql, (tx) => publish(the, tx, by, wanted));
    return tellAdvised(the, advised);
  };

/** Whoever chose numbers could take all those of a year. */
const requireGiven = (by: Principal, { id, publishedAt }: Publication): void => {
  if (isOperator(by) || (id === undefined && publishedAt === undefined)) return;
  const message =
    'The registry gives id and publishedAt: leave them out. Only the operator brings advisories from elsewhere.';
  throw fault('forbidden', { field: id === undefined ? 'publishedAt' : 'id' }, message);
};

const publish = async (
  the: AdvisoryDeps,
  tx: Tx,
  by: Principal,
  { content, id: given, publishedAt }: Publication,
): Promise<Advised> => {
  const packs = packsIn(content);
  await lockAdvisories(tx);
  await lockAdvice(tx, packs);
  await requireStillHolding(tx, by, packs);
  const same = await findSame(tx, content);
  if (same !== undefined && (given ?? same.id) === same.id) return unchanged(tx, same);
  const there = await versionsOfPacks(tx, packs);
  const held = await holdVersions(the, tx, by, there.filter(affects(content)));
  const year = the.now().getUTCFullYear();
  await requireShare(tx, by, year);
  const id = await requireFree(tx, given, year);
  const identity = { id, publishedAt: publishedAt ?? the.now(), changedAt: null };
  const event = await the.append(tx, {
    kind: 'advisory.published',
    actor: actorOf(by),
    subject: `advisory:${id}`,
    data: { advisory: advisoryJson(identity, content) },
  });
  const record: AdvisoryRecord = {
    ...identity,
    content,
    author: by.account,
    byOperator: isOperator(by),
    eventId: event.id,
    withdrawn: null,
  };
  await insertAdvisory(tx, record, packs);
  const yanks = await yankHeld(the, tx, by, held, groundsOf(the, record), event.id);
  return {
    record,
    created: true,
    ...adviceOn(yanks),
    released: [],
    unmatched: unmatched(content, there),
    event,
  };
};

/** Nobody may take all numbers of a year, nor fill the feed that everybody reads. */
const MOST_IN_A_YEAR = 500;

const requireShare = async (tx: Tx, by: Principal, year: number): Promise<void> => {
  if (isOperator(by) || (await countGiven(tx, by.account, year)) < MOST_IN_A_YEAR) return;
  const message = `An account publishes at most ${MOST_IN_A_YEAR} advisories in a year; ask the operator, or change one.`;
  throw fault('validation_error', { limit: MOST_IN_A_YEAR }, message);
};

const requireFree = async (tx: Tx, given: string | undefined, year: number): Promise<string> => {
  if (given === undefined) {
    const id = await freeId(tx, year);
    if (id !== undefined) return id;
    throw fault('already_exists', { year }, 'All numbers of this year are taken; tell the operator.');
  }
  if ((await findAdvisory(tx, given)) === undefined) return given;
  throw fault('already_exists', { id: given }, 'There is an advisory of that id which says something else.');
};

/** For who says the same again: how it stands. */
export const unchanged = async (tx: Tx, record: AdvisoryRecord): Promise<Advised> => {
  const there = await versionsOfPacks(tx, packsIn(record.content));
  return {
    record,
    created: false,
    yanked: [],
    alreadyYanked: record.withdrawn === null ? there.filter(affects(record.content)) : [],
    released: [],
    unmatched: record.withdrawn === null ? unmatched(record.content, there) : [],
    event: record.eventId,
  };
};
