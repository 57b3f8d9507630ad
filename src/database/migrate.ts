// Brings a database to the shape the migrations folder describes, however many processes start together.
import type { Sql, Tx } from './connect.ts';
import { type Migration, MigrationRefused, pendingMigrations, readMigrations } from './migration-files.ts';
import { inTransaction } from './transaction.ts';

/** Any number that no other use of advisory locks in this database takes. */
const LOCK = 4_027_081_500_351;

/** Migrations wait for their turn and take the time they take. */
const liftLimits = (tx: Tx): Promise<unknown> =>
  tx`select set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`;

/** Held until the transaction ends, so a process that dies while migrating never leaves it behind. */
const takeTurn = (tx: Tx): Promise<unknown> => tx`select pg_advisory_xact_lock(${LOCK})`;

const openLedger = (tx: Tx): Promise<unknown> => tx`
  create table if not exists applied_migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
  )`;

const readLedger = (tx: Tx) => tx<{ name: string; sha256: string }[]>`
  select name, sha256 from applied_migrations order by name collate "C"`;

const run = async (tx: Tx, { name, text, sha256 }: Migration): Promise<void> => {
  await tx.unsafe(text).catch((cause: unknown) => {
    const what = `failed: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new MigrationRefused('failed', name, what, 'Nothing of it was kept; correct it and start again.', {
      cause,
    });
  });
  await tx`insert into applied_migrations (name, sha256) values (${name}, ${sha256})`;
};

/** Applies the next pending file, if there is one, in a transaction of its own. */
const applyNext = (sql: Sql, files: readonly Migration[]): Promise<string | undefined> =>
  inTransaction(sql, async (tx) => {
    await liftLimits(tx);
    await takeTurn(tx);
    await openLedger(tx);
    const [next] = pendingMigrations(files, await readLedger(tx));
    if (next !== undefined) await run(tx, next);
    return next?.name;
  });

/** All pending files in a transaction that nobody else can come between, as where the tables were empty before it. */
export const applyPendingIn = async (tx: Tx, files: readonly Migration[]): Promise<void> => {
  for (const file of pendingMigrations(files, await readLedger(tx))) await run(tx, file);
};

/**
 * Applies those of the files that are pending, in order, and returns the names this call applied.
 *
 * Each file is one transaction: a crash leaves whole files applied and the next start goes on from there.
 * Several processes may call this at once: they take turns, and each file is applied by exactly one of them.
 *
 * @throws MigrationRefused when files and database do not belong together, or a file fails.
 */
export const applyMigrations = async (
  sql: Sql,
  files: readonly Migration[],
): Promise<{ applied: string[] }> => {
  const applied: string[] = [];
  for (let name = await applyNext(sql, files); name !== undefined; name = await applyNext(sql, files))
    applied.push(name);
  return { applied };
};

/** Applies every pending `NNNN_name.sql` of the folder, as `applyMigrations` does. */
export const migrate = async (sql: Sql, folder: string): Promise<{ applied: string[] }> =>
  applyMigrations(sql, await readMigrations(folder));
