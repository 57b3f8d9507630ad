// Changes an advisory and withdraws it: what it names newly is yanked, and what it names no more is told, not offered again.
import type { Body } from '../../access/fields.ts';
import { requireStillHolding } from '../../access/namespaces/held-by.ts';
import { actorOf, isOperator, type Principal } from '../../access/principal.ts';
import { readReason } from '../../access/reason.ts';
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import { holdVersions } from '../lifecycle/standing.ts';
import { yankHeld } from '../lifecycle/yank.ts';
import type { PackAddress } from '../policy.ts';
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
  lockAdvice,
  lockAdvisories,
  updateAdvisory,
  versionsOfPacks,
} from './advisory-store.ts';
import {
  type Advised,
  type AdvisoryDeps,
  groundsOf,
  type ReceiptedAdvice,
  requireAdvisory,
  requireAuthor,
  requirePacks,
  requireSay,
  sameContent,
  tellAdvised,
} from './author.ts';
import { type AdvisoryRequest, unchanged } from './publish-advisory.ts';
import { adviceOn } from './yanks.ts';

export interface ChangeRequest extends AdvisoryRequest {
  readonly id: string;
}

interface Change {
  readonly id: string;
  readonly content: AdvisoryContent;
  /** As it was served; it cannot be changed. */
  readonly publishedAt: Date | undefined;
}

/** The advisory as it is served may be sent back with its id and dates. */
const readChange = (address: string, { id, publishedAt, updatedAt: _, ...content }: Body): Change => {
  const named = readId(address);
  if (id !== undefined && id !== named)
    throw fault('validation_error', { field: 'id' }, 'The body names another advisory than the address.');
  return {
    id: named,
    content: readContent(content),
    publishedAt: publishedAt === undefined ? undefined : readDay(publishedAt),
  };
};

/**
 * Takes the place of what it said before, whole. The same content changes nothing.
 * @throws Fault validation_error, advisory_not_found, advisory_withdrawn, forbidden, pack_namespace_unauthorized,
 *   key_revoked
 */
export const changeAdvisory =
  (the: AdvisoryDeps) =>
  async ({ id, authorization, body }: ChangeRequest): Promise<ReceiptedAdvice> => {
    const by = await requireAuthor(the, authorization);
    const wanted = readChange(id, body);
    await requirePacks(the, by, wanted.content);
    // The point of no return: advisory, yanks and all their events, or none of it.
    const advised = await inTransaction(the.sql, (tx) => change(the, tx, by, wanted));
    return tellAdvised(the, advised);
  };

const requireSameDay = ({ publishedAt }: Change, before: AdvisoryRecord): void => {
  const day = before.publishedAt.toISOString().slice(0, 10);
  if (publishedAt === undefined || publishedAt.toISOString().startsWith(day)) return;
  throw fault(
    'validation_error',
    { field: 'publishedAt' },
    `It was published on ${day}, which no change moves.`,
  );
};

const change = async (the: AdvisoryDeps, tx: Tx, by: Principal, wanted: Change): Promise<Advised> => {
  await lockAdvisories(tx);
  const before = await requireAdvisory(tx, wanted.id);
  const { content } = wanted;
  const [packs, packsBefore] = [packsIn(content), packsIn(before.content)];
  await lockAdvice(tx, [...packs, ...packsBefore]);
  await requireSay(tx, by, before);
  await requireStillHolding(tx, by, packs);
  requireSameDay(wanted, before);
  if (before.withdrawn !== null) throw fault('advisory_withdrawn', { id: before.id, ...before.withdrawn });
  if (sameContent(before.content, wanted.content)) return unchanged(tx, before);
  const there = await versionsOfPacks(tx, [...packs, ...packsBefore]);
  const held = await holdVersions(the, tx, by, there.filter(affects(content)));
  const byOperator = before.byOperator || isOperator(by);
  const author = isOperator(by) ? before.author : by.account;
  const changed = { ...before, content, author, byOperator, changedAt: the.now() };
  const event = await the.append(tx, {
    kind: 'advisory.changed',
    actor: actorOf(by),
    subject: `advisory:${before.id}`,
    data: { advisory: advisoryJson(changed, content) },
  });
  const record = { ...changed, eventId: event.id };
  await updateAdvisory(tx, record, packs, packsBefore);
  const yanks = await yankHeld(the, tx, by, held, groundsOf(the, record), event.id);
  const released = there.filter(affects(before.content)).filter((each) => !affects(content)(each));
  return {
    record,
    created: false,
    ...adviceOn(yanks),
    released: stillYanked(released),
    unmatched: unmatched(content, there),
    event,
  };
};

const stillYanked = (
  versions: readonly (PackAddress & { readonly yanked: boolean })[],
): readonly PackAddress[] =>
  versions.filter(({ yanked }) => yanked).map(({ name, version }) => ({ name, version }));

/**
 * The yanks stay; whoever holds the packs may take them back. One that is withdrawn already stays as it is.
 * @throws Fault validation_error, advisory_not_found, forbidden, key_revoked
 */
export const withdrawAdvisory =
  (the: AdvisoryDeps) =>
  async ({ id, authorization, body }: ChangeRequest): Promise<ReceiptedAdvice> => {
    const by = await requireAuthor(the, authorization);
    const [named, reason] = [readId(id), readReason(body['reason'])];
    // The point of no return.
    const advised = await inTransaction(the.sql, (tx) => withdraw(the, tx, by, named, reason));
    return tellAdvised(the, advised);
  };

const withdraw = async (
  the: AdvisoryDeps,
  tx: Tx,
  by: Principal,
  id: string,
  reason: string,
): Promise<Advised> => {
  await lockAdvisories(tx);
  const before = await requireAdvisory(tx, id);
  const packs = packsIn(before.content);
  await lockAdvice(tx, packs);
  await requireSay(tx, by, before);
  if (before.withdrawn !== null) return unchanged(tx, before);
  // None is changed; this asks about the token as every write does.
  await holdVersions(the, tx, by, []);
  const event = await the.append(tx, {
    kind: 'advisory.withdrawn',
    actor: actorOf(by),
    subject: `advisory:${id}`,
    data: { id, reason },
  });
  const withdrawn = { reason, withdrawnAt: event.at.toISOString(), withdrawnBy: by.account };
  const record = { ...before, eventId: event.id, withdrawn };
  await updateAdvisory(tx, record, [], packs);
  const there = await versionsOfPacks(tx, packs);
  const released = stillYanked(there.filter(affects(before.content)));
  return { record, created: false, yanked: [], alreadyYanked: [], released, unmatched: [], event };
};
