// Holds a name back from whoever comes first, with all that looks like it, and lets it go again; the operator's business.
import { inTransaction } from '../../database/transaction.ts';
import type { EventKind } from '../../protocol/event.ts';
import { fault } from '../../protocol/faults.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { requireStillActing } from '../acting-store.ts';
import { requireScope } from '../grants.ts';
import { actorOf, type Principal } from '../principal.ts';
import { readReason } from '../reason.ts';
import { lockNames } from './claim-store.ts';
import { type NamespaceDeps, subjectOf } from './deps.ts';
import { deleteHeld, EVERYWHERE, type HeldRow, heldName, insertHeld, lookKeysOf } from './look-store.ts';
import { readHeldName } from './names.ts';

const eventOf = (kind: EventKind, by: Principal, name: string, data: { readonly reason?: string }) => ({
  kind,
  actor: actorOf(by),
  subject: subjectOf(name),
  sealed: isPrivateNamespace(name),
  data: { name, ...data },
});

/** A name that is held already stays as it is. @throws Fault forbidden, validation_error, key_revoked */
export const holdName =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string, why: string): Promise<{ row: HeldRow; created: boolean }> => {
    requireScope(by, 'admin');
    const { name, scope, org } = readHeldName(text);
    const row: HeldRow = { name, reason: readReason(why), held_at: the.now() };
    return inTransaction(the.sql, async (tx) => {
      await lockNames(tx);
      await requireStillActing(tx, by, the.now());
      const before = await heldName(tx, name);
      if (before !== undefined) return { row: before, created: false };
      await insertHeld(tx, row, lookKeysOf(scope ?? EVERYWHERE, org));
      await the.append(tx, eventOf('namespace.held', by, name, { reason: row.reason }));
      return { row, created: true };
    });
  };

/** @throws Fault forbidden, validation_error, key_revoked, not_found */
export const releaseName =
  (the: NamespaceDeps) =>
  async (by: Principal, text: string): Promise<void> => {
    requireScope(by, 'admin');
    const { name } = readHeldName(text);
    await inTransaction(the.sql, async (tx) => {
      await lockNames(tx);
      await requireStillActing(tx, by, the.now());
      if (!(await deleteHeld(tx, name))) throw fault('not_found', { name }, `${name} is not held.`);
      await the.append(tx, eventOf('namespace.released', by, name, {}));
    });
  };
