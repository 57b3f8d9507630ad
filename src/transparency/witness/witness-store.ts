// What witnesses have seen and signed, as rows.
import type { Queryable, Tx } from '../../database/connect.ts';

/** Rings in every process when a cosignature arrived; carries the size of its checkpoint. */
export const COSIGNED_BELL = 'attestry_cosigned';

/**
 * Takes the turn to ask a witness; gives the size it saw last, or undefined where another process has the turn. The
 * turn ends at `until` whatever becomes of the process.
 */
export const takeTurn = async (
  db: Queryable,
  witness: string,
  now: Date,
  until: Date,
): Promise<number | undefined> => {
  const [row] = await db<{ size: number }[]>`
    insert into witnesses (witness, asked_until) values (${witness}, ${until})
    on conflict (witness) do update set asked_until = ${until} where witnesses.asked_until <= ${now}
    returning size`;
  return row?.size;
};

export const endTurn = (db: Queryable, witness: string, now: Date): Promise<unknown> =>
  db`update witnesses set asked_until = ${now} where witness = ${witness}`;

/** What one witness signed of one checkpoint: a note line, without its line end. */
export interface Cosignature {
  readonly witness: string;
  readonly size: number;
  readonly line: string;
  readonly checkpoint: string;
}

/** Keeps a cosignature that was verified, with the checkpoint it is about; a witness never goes back. */
export const insertCosignature = async (
  tx: Tx,
  { witness, size, line, checkpoint }: Cosignature,
): Promise<void> => {
  await tx`
    insert into witnessed_checkpoints (size, checkpoint) values (${size}, ${checkpoint})
    on conflict (size) do update set checkpoint = excluded.checkpoint`;
  await tx`
    insert into cosignatures (size, witness, line) values (${size}, ${witness}, ${line})
    on conflict (size, witness) do update set line = excluded.line`;
  await tx`update witnesses set size = greatest(size, ${size}) where witness = ${witness}`;
  await tx`select pg_notify(${COSIGNED_BELL}, ${String(size)})`;
};

/** Each witness keeps its newest ones: the newest checkpoint of all is served, and those under way may still follow. */
const KEPT_OF_WITNESS = 16;

export const dropOldCosignatures = async (tx: Tx): Promise<void> => {
  await tx`
    delete from cosignatures using (
      select size, witness, row_number() over (partition by witness order by size desc) as age from cosignatures
    ) as aged
    where aged.age > ${KEPT_OF_WITNESS}
      and cosignatures.size = aged.size and cosignatures.witness = aged.witness`;
  await tx`
    delete from witnessed_checkpoints
    where not exists (select from cosignatures where cosignatures.size = witnessed_checkpoints.size)`;
};

/** After a change of the log's key the same head is signed anew, and is cosigned all the same. */
export const renewWitnessed = (db: Queryable, size: number, checkpoint: string): Promise<unknown> => db`
  update witnessed_checkpoints set checkpoint = ${checkpoint} where size = ${size} and checkpoint <> ${checkpoint}`;

/** The newest checkpoint that any witness has signed. */
export const newestWitnessed = async (
  db: Queryable,
): Promise<{ readonly size: number; readonly checkpoint: string } | undefined> => {
  const [row] = await db<{ size: number; checkpoint: string }[]>`
    select size, checkpoint from witnessed_checkpoints order by size desc limit 1`;
  return row;
};
