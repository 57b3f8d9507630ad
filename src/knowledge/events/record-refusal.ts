// Records what a role did not let happen, whoever tried it: refusing alone would leave no trace.

import type { Acting } from '../../access/workforces/acting.ts';
import type { Asked } from '../../access/workforces/authority.ts';
import type { Sql } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { KnowledgePayloads } from '../../protocol/knowledge/event.ts';
import { capabilityOf } from '../../protocol/knowledge/ids.ts';
import { insertRecords } from './event-store.ts';
import type { MakeKnowledgeEvent } from './events.ts';
import { contextOf } from './events.ts';

export interface RefusalDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly make: MakeKnowledgeEvent;
  readonly announce: (subject: string) => void;
}

type Missing = KnowledgePayloads['AuthorityViolationAttempted']['missing_axis'];

const record = async (
  the: RefusalDeps,
  by: Acting,
  { base, operation, verb }: Asked,
  missing: Missing,
): Promise<void> => {
  const context = contextOf(by, [], null);
  const payload = {
    action: operation,
    missing_axis: missing,
    knowledge_base_id: base,
    capability_kind: capabilityOf(base, verb),
  };
  const made = the.make('AuthorityViolationAttempted', context, payload, { base });
  await inTransaction(the.sql, (tx) => insertRecords(tx, [made]));
  the.announce(base);
};

/** Asking the same again so soon is the same attempt: whoever may do nothing must not fill a log that is kept for ever. */
const AGAIN_MS = 60_000;
/** When so many are held, all are let go; each is recorded once more then. */
const MOST = 10_000;

/** Whatever one principal can ask is recorded, each question once a minute in this process. */
export const recordRefusal = (the: RefusalDeps) => {
  const recorded = new Map<string, number>();
  return async (by: Acting, asked: Asked, missing: Missing): Promise<void> => {
    const question = [by.id, by.role, asked.base, asked.operation, asked.verb, missing].join(' ');
    const now = the.now().getTime();
    if (Math.abs(now - (recorded.get(question) ?? Number.NEGATIVE_INFINITY)) < AGAIN_MS) return;
    if (recorded.size >= MOST) recorded.clear();
    recorded.set(question, now);
    try {
      await record(the, by, asked, missing);
    } catch (error) {
      recorded.delete(question);
      throw error;
    }
  };
};
