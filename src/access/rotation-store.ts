// Rotations as rows: which key follows which, and the delegation of the old one as it ends.
import type { Queryable, Tx } from '../database/connect.ts';

export interface RotationRow {
  readonly old_key_id: string;
  readonly new_key_id: string;
  readonly proof: Uint8Array;
  readonly rotated_at: Date;
  readonly event_id: string;
}

export const rotationOf = async (db: Queryable, oldKeyId: string): Promise<RotationRow | undefined> => {
  const [row] = await db<RotationRow[]>`select * from key_rotations where old_key_id = ${oldKeyId}`;
  return row;
};

/** For whoever holds the use of the old key. */
export const insertRotation = (tx: Tx, row: RotationRow): Promise<unknown> => tx`
  insert into key_rotations (old_key_id, new_key_id, proof, rotated_at, event_id)
  values (${row.old_key_id}, ${row.new_key_id}, ${row.proof}, ${row.rotated_at}, ${row.event_id})`;

/** The registrar's statement of a key, and when by it the key ends. */
export interface EndRow {
  readonly not_after: Date;
  readonly issued_at: Date;
  readonly envelope: string;
}

/** What the registrar says of a key from now on: the same, but when it ends. */
export const endDelegation = (
  tx: Tx,
  keyId: string,
  { not_after, issued_at, envelope }: EndRow,
): Promise<unknown> => tx`
  update delegations set not_after = ${not_after}, issued_at = ${issued_at}, envelope = ${envelope}
  where key_id = ${keyId}`;
