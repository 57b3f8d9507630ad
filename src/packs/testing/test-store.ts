// Versions of the test catalogue as rows, tarballs included; nothing of them stands anywhere else.
import { type Digest, digestOfRaw } from '../../../storage/digest.ts';
import type { Queryable, Sql, Tx } from '../../database/connect.ts';
import type { Tree } from '../../protocol/faults.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';

interface Address {
  readonly name: PackName;
  readonly version: PackVersion;
}

export interface TestVersion extends Address {
  readonly tree: Tree;
  readonly digest: Digest;
  /** Bytes of the tarball. */
  readonly size: number;
  readonly signed: boolean;
  readonly publisher: string;
  readonly publishedAt: Date;
  /** Its name and version stay taken. */
  readonly unpublished: boolean;
}

type Row = Omit<TestVersion, 'digest' | 'publishedAt'> & {
  readonly digest: Uint8Array;
  readonly published_at: Date;
};

const columns = (db: Queryable) => db`
  name, version, tree, digest, size, publisher, published_at, signature is not null as signed,
  tarball is null as unpublished`;

const toVersion = ({ digest, published_at, ...rest }: Row): TestVersion => ({
  ...rest,
  digest: digestOfRaw(digest),
  publishedAt: published_at,
});

/** Writers take turns until their transactions end: the catalogue has an end, and each sees how much is left. */
export const lockTests = (tx: Tx): Promise<unknown> => tx`select stop_use('test catalogue')`;

export const countTests = async (tx: Tx): Promise<{ versions: number; bytes: number }> => {
  const [row] = await tx<{ versions: number; bytes: number }[]>`
    select count(*) as versions, coalesce(sum(size), 0)::bigint as bytes from test_versions`;
  return row ?? { versions: 0, bytes: 0 };
};

/** Whatever holds this (name, version), in either tree and however the name is capitalised. */
export const findTest = async (
  db: Queryable,
  { name, version }: Address,
): Promise<TestVersion | undefined> => {
  const [row] = await db<Row[]>`
    select ${columns(db)} from test_versions where name_key = ${nameKey(name)} and version = ${version}`;
  return row === undefined ? undefined : toVersion(row);
};

export const testsOf = async (db: Queryable, tree: Tree, name: PackName): Promise<TestVersion[]> => {
  const rows = await db<Row[]>`
    select ${columns(db)} from test_versions
    where name_key = ${nameKey(name)} and name = ${name} and tree = ${tree} and tarball is not null`;
  return rows.map(toVersion);
};

/** Undefined for what is not there or was unpublished; null for a signature that it has none of. */
export const testBytes = async (
  db: Queryable,
  tree: Tree,
  { name, version }: Address,
  column: 'tarball' | 'manifest' | 'signature',
): Promise<Uint8Array | null | undefined> => {
  const [row] = await db<{ bytes: Uint8Array | null }[]>`
    select ${db(column)} as bytes from test_versions
    where name_key = ${nameKey(name)} and name = ${name} and version = ${version} and tree = ${tree}
      and tarball is not null`;
  return row?.bytes;
};

/** A version as it comes in. */
export interface NewTest extends Omit<TestVersion, 'signed' | 'unpublished'> {
  readonly tarball: Uint8Array;
  /** The exact bytes of pack.json in it. */
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array | null;
}

export const insertTest = (tx: Tx, record: NewTest): Promise<unknown> => tx`
  insert into test_versions (name_key, version, tree, name, digest, size, tarball, manifest, signature, publisher,
    published_at)
  values (${nameKey(record.name)}, ${record.version}, ${record.tree}, ${record.name},
    decode(${record.digest}, 'hex'), ${record.size}, ${record.tarball}, ${record.manifest}, ${record.signature},
    ${record.publisher}, ${record.publishedAt})`;

export const emptyTest = (tx: Tx, { name, version }: Address): Promise<unknown> => tx`
  update test_versions set tarball = null where name_key = ${nameKey(name)} and version = ${version}`;

export const clearTests = (tx: Tx): Promise<unknown> => tx`delete from test_versions`;

/** Lets go of what was published before. */
export const sweepTests = (sql: Sql, before: Date): Promise<unknown> =>
  sql`delete from test_versions where published_at < ${before}`;
