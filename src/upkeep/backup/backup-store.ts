// Whole tables as lines of JSON, out of one database and into another, whatever columns they have.
import type { Queryable, Tx } from '../../database/connect.ts';

const ROWS_AT_ONCE = 500;

/** The ledger of migrations: the only table that the other database fills by itself. */
export const LEDGER = 'applied_migrations';

export const tableNames = async (db: Queryable): Promise<string[]> => {
  const rows = await db<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = current_schema() order by tablename`;
  return rows.map(({ name }) => name);
};

/** Which table refers to which other one. */
export const references = (db: Queryable) => db<{ from: string; to: string }[]>`
  select source.relname as from, target.relname as to
  from pg_constraint
    join pg_class as source on source.oid = conrelid
    join pg_class as target on target.oid = confrelid
  where contype = 'f' and connamespace = current_schema()::regnamespace and source.oid <> target.oid`;

/** Every row as JSON on one line: what Postgres writes of a value, it reads back as the same value. */
export async function* rowsOf(tx: Tx, table: string): AsyncGenerator<readonly string[], void, undefined> {
  await tx`declare dump no scroll cursor for select to_jsonb(whole)::text as row from ${tx(table)} as whole`;
  for (;;) {
    const rows = await tx<{ row: string }[]>`fetch ${tx.unsafe(String(ROWS_AT_ONCE))} from dump`;
    if (rows.length === 0) break;
    yield rows.map(({ row }) => row);
  }
  await tx`close dump`;
}

/** @param rows lines of `rowsOf` a table with these columns, or fewer of them. */
export const insertRows = async (tx: Tx, table: string, rows: readonly string[]): Promise<number> => {
  const columns = await writableColumns(tx, table);
  const result = await tx`
    insert into ${tx(table)} (${tx(columns)}) overriding system value
    select ${columns.map((name, at) => (at === 0 ? tx`filled.${tx(name)}` : tx`, filled.${tx(name)}`))}
    from jsonb_array_elements(${`[${rows.join(',')}]`}::text::jsonb) as line,
      jsonb_populate_record(null::${tx(table)}, line) as filled`;
  return result.count;
};

const writableColumns = async (db: Queryable, table: string): Promise<string[]> => {
  const rows = await db<{ name: string }[]>`
    select column_name as name from information_schema.columns
    where table_schema = current_schema() and table_name = ${table} and is_generated = 'NEVER'
    order by ordinal_position`;
  return rows.map(({ name }) => name);
};

export const isTableEmpty = async (db: Queryable, table: string): Promise<boolean> => {
  const rows = await db`select 1 from ${db(table)} limit 1`;
  return rows.length === 0;
};

/** A value that numbers of this sequence never reached again; text, since it may be beyond what a number can count. */
export interface SequenceValue {
  readonly name: string;
  readonly value: string;
}

/** Of those that were ever asked. */
export const sequenceValues = (db: Queryable): Promise<SequenceValue[]> => db<SequenceValue[]>`
  select sequencename as name, last_value::text as value from pg_sequences
  where schemaname = current_schema() and last_value is not null order by sequencename`;

export const setSequence = (tx: Tx, { name, value }: SequenceValue): Promise<unknown> =>
  tx`select setval(${name}::text::regclass, ${value}::text::bigint)`;

export interface AppliedMigration {
  readonly name: string;
  readonly sha256: string;
}

export const appliedMigrations = async (db: Queryable): Promise<AppliedMigration[]> => {
  if (!(await tableNames(db)).includes(LEDGER)) return [];
  return db<AppliedMigration[]>`select name, sha256 from ${db(LEDGER)} order by name collate "C"`;
};

export interface NamedBlob {
  /** In hex. */
  readonly digest: string;
  readonly size: number;
}

/** The tarballs that versions name which were not unpublished, and the documents that bases hold and have not erased, by digest, each once. */
export async function* namedBlobs(tx: Tx): AsyncGenerator<NamedBlob, void, undefined> {
  await tx`
    declare named_blobs no scroll cursor for
    select encode(blob, 'hex') as digest, max(size) as size
    from (
      select digest as blob, size from versions where unpublished is null
      union all
      select blob, size from (
        select base, blob, size from knowledge_entries union all select base, blob, size from knowledge_documents
      ) as held
      where not exists (select from knowledge_erasures as gone where gone.base = held.base and gone.blob = held.blob)
    ) as named
    group by blob order by blob`;
  for (;;) {
    const rows = await tx<NamedBlob[]>`fetch ${tx.unsafe(String(ROWS_AT_ONCE))} from named_blobs`;
    if (rows.length === 0) break;
    yield* rows;
  }
  await tx`close named_blobs`;
}

/** A restore takes the time it takes. */
export const liftLimits = (tx: Tx): Promise<unknown> => tx`
  select set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true)`;
