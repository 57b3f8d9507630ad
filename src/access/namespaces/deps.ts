// What every change of the namespaces needs.
import type { Sql, Tx } from '../../database/connect.ts';
import type { EventFacts } from '../../protocol/event.ts';

export interface NamespaceDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Records what happened in the same transaction. */
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
  /** Lets every process forget what it remembers of a subject. */
  readonly announce: (subject: string) => void;
}

export const subjectOf = (namespace: string): string => `namespace:${namespace}`;
