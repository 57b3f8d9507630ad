// Records what a role did not let happen, whoever tried it: refusing alone would leave no trace.
import type { Acting } from '../access/workforces/acting.ts';
import type { Asked } from '../access/workforces/authority.ts';
import type { Sql } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { KnowledgePayloads } from '../protocol/knowledge/event.ts';
import { capabilityOf } from '../protocol/knowledge/ids.ts';
import { insertRecords } from './event-store.ts';
import type { MakeKnowledgeEvent } from './events.ts';

export interface RefusalDeps {
  readonly sql: Sql;
  readonly make: MakeKnowledgeEvent;
  readonly announce: (subject: string) => void;
}

type Missing = KnowledgePayloads['AuthorityViolationAttempted']['missing_axis'];

export const recordRefusal =
  (the: RefusalDeps) =>
  async (by: Acting, { base, operation, verb }: Asked, missing: Missing): Promise<void> => {
    const context = {
      workforce: by.workforce,
      actor: by.id,
      role: by.role,
      clauses: [],
      causationId: null,
      traceparent: by.trace.traceparent,
    };
    const payload = {
      action: operation,
      missing_axis: missing,
      knowledge_base_id: base,
      capability_kind: capabilityOf(base, verb),
    };
    const record = the.make('AuthorityViolationAttempted', context, payload, { base });
    await inTransaction(the.sql, (tx) => insertRecords(tx, [record]));
    the.announce(base);
  };
