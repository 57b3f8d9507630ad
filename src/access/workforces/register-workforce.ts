// Registers a workforce and names the account that staffs it.
import { inTransaction } from '../../database/transaction.ts';
import { fault } from '../../protocol/faults.ts';
import type { WorkforceId } from '../../protocol/knowledge/ids.ts';
import { accountExists } from '../access-store.ts';
import { requireStillActing } from '../acting-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, type Principal } from '../principal.ts';
import type { ManageDeps } from './manage.ts';
import { insertWorkforce, lockWorkforce, type WorkforceRow, workforceWithId } from './workforce-store.ts';

/** @throws Fault forbidden, validation_error, already_exists, key_revoked */
export const registerWorkforce =
  (the: ManageDeps) =>
  async (by: Principal, id: WorkforceId, steward: string): Promise<WorkforceRow> => {
    requireScope(by, 'admin');
    if (!(await accountExists(the.sql, steward)))
      throw fault('validation_error', { account: steward }, 'There is no such account.');
    const row = await inTransaction(the.sql, async (tx) => {
      await lockWorkforce(tx, id);
      await requireStillActing(tx, by, the.now());
      if ((await workforceWithId(tx, id)) !== undefined) throw fault('already_exists', { workforce: id });
      const event = await the.append(tx, {
        kind: 'workforce.registered',
        actor: actorOf(by),
        subject: id,
        data: { steward },
      });
      const registered: WorkforceRow = { id, steward, registered_at: event.at, event_id: event.id };
      await insertWorkforce(tx, registered);
      return registered;
    });
    the.announce(id);
    return row;
  };
