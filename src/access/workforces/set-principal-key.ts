// Gives a principal the key by which it signs its decisions, which it may itself, or another or none: its workforce's manager.
import { equalBytes } from '../../../keys/bytes.ts';
import { keyFingerprint, type PublicKey, parsePublicKey } from '../../../keys/key.ts';
import type { Queryable } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { PrincipalId } from '../../protocol/knowledge/ids.ts';
import { type Body, textField } from '../fields.ts';
import { callersFault } from '../listed-key.ts';
import { actorOf, hasScope, type Principal } from '../principal.ts';
import { holdStill } from './end-principal.ts';
import { type ManageDeps, requireManaged } from './manage.ts';
import { type PrincipalRow, principalWithId, setKey } from './principal-store.ts';

/** PEM, vkey, hex or base64; null takes the key away. @throws Fault validation_error */
export const readKey = (body: Body): PublicKey | null =>
  body['public_key'] === null ? null : callersFault(() => parsePublicKey(textField(body, 'public_key')));

/**
 * It may itself as long as it has none: a signed decision says more than a token does only while no token alone can put
 * another key in the place of the one that signs.
 */
const requireAllowed = async (
  db: Queryable,
  by: Principal,
  id: PrincipalId,
  row: PrincipalRow | undefined,
): Promise<void> => {
  const isOwn = row?.account === by.account && hasScope(by, 'knowledge:write');
  if (!isOwn || row.public_key !== null) await requireManaged(db, by, 'principal', id, row);
};

const isSame = (one: Uint8Array | null, other: Uint8Array | null): boolean =>
  one === null || other === null ? one === other : equalBytes(one, other);

/** @throws Fault forbidden, not_found, key_revoked */
export const setPrincipalKey =
  (the: ManageDeps) =>
  async (by: Principal, id: PrincipalId, key: PublicKey | null): Promise<PrincipalRow> => {
    const found = await principalWithId(the.sql, id);
    // The same key again is no change, which whoever has it may ask for.
    await requireAllowed(
      the.sql,
      by,
      id,
      found && isSame(found.public_key, key) ? { ...found, public_key: null } : found,
    );
    const row = await inTransaction(the.sql, async (tx) => {
      const stands = await holdStill(the, tx, by, id);
      if (isSame(stands.public_key, key)) return stands;
      await requireAllowed(tx, by, id, stands);
      const event = await the.append(tx, {
        kind: 'principal.keyed',
        actor: actorOf(by),
        subject: `principal:${id}`,
        causationId: stands.event_id,
        data: { fingerprint: key === null ? null : keyFingerprint(key) },
      });
      await setKey(tx, id, key, event.id);
      return { ...stands, public_key: key, event_id: event.id };
    });
    the.announce(`principal:${id}`);
    return row;
  };
