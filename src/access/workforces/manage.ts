// Who may staff a workforce: its steward, or the operator.
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import type { EventFacts, RecordedEvent } from '../../protocol/event.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { authorityOf, type WorkforceId } from '../../protocol/knowledge/ids.ts';
import { requireScope } from '../grants.ts';
import { isOperator, type Principal } from '../principal.ts';
import { type WorkforceRow, workforcesOfSteward, workforceWithId } from './workforce-store.ts';

/** What every change of a workforce needs. */
export interface ManageDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Records what happened in the same transaction. */
  readonly append: (tx: Tx, facts: EventFacts) => Promise<RecordedEvent>;
  /** Lets every process forget what it remembers of a subject. */
  readonly announce: (subject: string) => void;
}

/** @throws Fault forbidden */
const requireManaging = (by: Principal): void => {
  if (!isOperator(by)) requireScope(by, 'workforces:manage');
};

/** To whoever does not manage it, a workforce looks like none. */
const notManaged = (details: object, what = 'workforce'): Fault =>
  fault('not_found', { ...details }, `There is no such ${what}, or it is not yours to manage.`);

const manages = (by: Principal, { steward }: WorkforceRow): boolean =>
  isOperator(by) || steward === by.account;

/** @throws Fault forbidden, not_found */
export const requireManager = async (
  db: Queryable,
  by: Principal,
  workforce: WorkforceId,
): Promise<WorkforceRow> => {
  requireManaging(by);
  const row = await workforceWithId(db, workforce);
  if (row === undefined || !manages(by, row)) throw notManaged({ workforce });
  return row;
};

/** A thing of a workforce's that whoever asks manages. @throws Fault forbidden, not_found */
export const requireManaged = async <T extends { readonly workforce: WorkforceId }>(
  db: Queryable,
  by: Principal,
  what: string,
  id: string,
  thing: T | undefined,
): Promise<T> => {
  requireManaging(by);
  const row = thing && (await workforceWithId(db, thing.workforce));
  if (thing === undefined || row === undefined || !manages(by, row)) throw notManaged({ id }, what);
  return thing;
};

/**
 * The only workforce of an authority that whoever asks manages.
 * @throws Fault forbidden, not_found, validation_error where there are several
 */
export const onlyManaged = async (db: Queryable, by: Principal, authority: string): Promise<WorkforceId> => {
  requireManaging(by);
  const all = await workforcesOfSteward(db, isOperator(by) ? null : by.account);
  const [only, ...others] = all.map(({ id }) => id).filter((id) => authorityOf(id) === authority);
  if (only === undefined) throw notManaged({ authority });
  if (others.length === 0) return only;
  const message = 'workforce must be named: you manage several of this authority.';
  throw fault('validation_error', { field: 'workforce', workforces: [only, ...others] }, message);
};
