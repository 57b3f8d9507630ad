// Versions written past the service, as rows: for what is asked of many packs and not of their bytes.
import { createHash } from 'node:crypto';
import type { Queryable, Sql } from '../../src/database/connect.ts';
import { listWaiting } from '../../src/packs/discover/listing-store.ts';
import type { Tree } from '../../src/protocol/faults.ts';
import { describeManifest, type ManifestFacts } from '../../src/protocol/manifest/describe.ts';

export interface Row {
  readonly tree: Tree;
  readonly name: string;
  readonly version: string;
  readonly facts: ManifestFacts;
  readonly manifest: object;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly unpublished: boolean;
}

type Changes = Partial<Omit<Row, 'facts' | 'manifest'>> & { readonly manifest?: object };

/** A version with a manifest that says what `manifest` says. */
export const rowOf = (name: string, { manifest = {}, ...changes }: Changes = {}): Row => {
  const said = { name, version: changes.version ?? '1.0.0', ...manifest };
  return {
    tree: 'v1',
    name,
    version: said.version,
    yanked: false,
    deprecated: false,
    unpublished: false,
    ...changes,
    manifest: said,
    facts: describeManifest(said as never),
  };
};

const NOTE = { reason: 'for tests' };
const noteIf = (set: boolean) => (set ? NOTE : null);

const written = (row: Row) => ({
  ...row,
  digest: createHash('sha256').update(`${row.name}@${row.version}`).digest('hex'),
  manifest: JSON.stringify(row.manifest),
  yanked: noteIf(row.yanked),
  deprecated: noteIf(row.deprecated),
  unpublished: noteIf(row.unpublished),
});

/** All in one statement, without events. */
export const seedVersions = (sql: Queryable, rows: readonly Row[]): Promise<unknown> => sql`
  insert into versions (name_key, version, tree, name, digest, size, manifest, facts, files, warnings, publisher,
    published_at, event_id, yanked, deprecated, unpublished)
  select lower(name), version, tree, name, decode(digest, 'hex'), 1, convert_to(manifest, 'UTF8'), facts, '[]', '[]',
    'tests', now(), 'none', yanked, deprecated, unpublished
  from json_to_recordset(${JSON.stringify(rows.map(written))}::text::json) as each (name text, version text, tree text,
    digest text, manifest text, facts jsonb, yanked jsonb, deprecated jsonb, unpublished jsonb)
  order by 1, 2`;

/** And has them listed for search, as a registry does right after a publish. */
export const seedListed = async (sql: Sql, rows: readonly Row[]): Promise<void> => {
  await seedVersions(sql, rows);
  while ((await listWaiting(sql)(1_000)) > 0);
};

export const setStanding = (sql: Sql, row: Row): Promise<unknown> => {
  const { yanked, deprecated, unpublished } = written(row);
  const json = (note: typeof NOTE | null) => (note === null ? null : sql.json(note));
  return sql`
    update versions set yanked = ${json(yanked)}, deprecated = ${json(deprecated)}, unpublished = ${json(unpublished)}
    where name_key = ${row.name.toLowerCase()} and version = ${row.version}`;
};
