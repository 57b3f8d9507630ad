// What is wrong with upstreams, as rows: as many as an operator can look at, however many there are.
import type { Queryable } from '../database/connect.ts';
import type { Tree } from '../protocol/faults.ts';
import type { PackName } from '../protocol/pack-id.ts';
import { storableJson, storableText } from './storable.ts';

export interface Flaw {
  readonly tree: Tree;
  readonly name: string;
  /** `*`: the pack as a whole. */
  readonly version: string;
  /** `refused`: it is not served; `alarm`: it is, and upstream says something that it must not. */
  readonly kind: 'refused' | 'alarm';
  readonly code: string;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface FlawRow extends Flaw {
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Of each kind, the first are kept: whatever is refused leaves room for alarms. */
export const MOST_FLAWS = 2_000;
const MOST_NAME = 214;
const MOST_MESSAGE = 1_000;
const MOST_EVIDENCE = 4_000;

/** A version is refused for one reason at a time: the last one. */
const forgetOtherReasons = (db: Queryable, url: string, { tree, name, version, code }: Flaw) => db`
  delete from mirror_flaws where upstream = ${url} and tree = ${tree} and name = ${name} and version = ${version}
    and kind = 'refused' and code <> ${code}`;

export const recordFlaw = async (db: Queryable, url: string, flaw: Flaw, at: Date): Promise<void> => {
  const { tree, kind, code } = flaw;
  const [name, version] = [storableText(flaw.name, MOST_NAME), storableText(flaw.version, MOST_NAME)];
  if (kind === 'refused') await forgetOtherReasons(db, url, { ...flaw, name, version });
  await db`
    insert into mirror_flaws (upstream, tree, name, version, kind, code, message, evidence, first_at, last_at)
    select url, ${tree}, ${name}, ${version}, ${kind}, ${code}, ${storableText(flaw.message, MOST_MESSAGE)},
      ${storableJson(flaw.evidence, MOST_EVIDENCE)}::text::jsonb, ${at}, ${at}
    from mirror_upstreams where url = ${url}
      and ((select count(*) from mirror_flaws where upstream = ${url} and kind = ${kind}) < ${MOST_FLAWS}
        or exists (select from mirror_flaws where upstream = ${url} and tree = ${tree} and name = ${name}
          and version = ${version} and code = ${code}))
    on conflict (upstream, tree, name, version, code) do update
      set kind = excluded.kind, message = excluded.message, evidence = excluded.evidence, last_at = excluded.last_at`;
};

/** What was refused before is not refused any more. */
export const clearRefusals = (
  db: Queryable,
  url: string,
  { tree, name, version }: Pick<Flaw, 'tree' | 'name' | 'version'>,
): Promise<unknown> => db`
  delete from mirror_flaws
  where upstream = ${url} and tree = ${tree} and name = ${name} and version = ${version} and kind = 'refused'`;

/** What was wrong with a version was set right. */
export const clearFlaw = (
  db: Queryable,
  url: string,
  { tree, name, version, code }: Pick<Flaw, 'tree' | 'name' | 'version' | 'code'>,
): Promise<unknown> => db`
  delete from mirror_flaws
  where upstream = ${url} and tree = ${tree} and name = ${name} and version = ${version} and code = ${code}`;

/** Nor is what upstream offers no more. */
export const clearUnlisted = (
  db: Queryable,
  url: string,
  tree: Tree,
  name: PackName,
  listed: readonly string[],
): Promise<unknown> => db`
  delete from mirror_flaws
  where upstream = ${url} and tree = ${tree} and name = ${name} and kind = 'refused'
    and not version = any(${['*', ...listed]}::text[])`;

/** The same for whole packs. */
export const clearUnlistedPacks = (
  db: Queryable,
  url: string,
  names: readonly string[],
): Promise<unknown> => db`
  delete from mirror_flaws where upstream = ${url} and kind = 'refused'
    and not exists (select from unnest(${[...names]}::text[]) as listed where listed = name)`;

/** Rows that one answer holds. */
export const FLAWS_AT_ONCE = 500;

/** Alarms first; one more than an answer holds, where there is one. @param from how many to pass over */
export const flawsOfUpstream = (db: Queryable, url: string, from: number): Promise<FlawRow[]> => db<
  FlawRow[]
>`
  select tree, name, version, kind, code, message, evidence, first_at as "firstAt", last_at as "lastAt"
  from mirror_flaws where upstream = ${url} order by kind, name, version, tree, code
  offset ${from} limit ${FLAWS_AT_ONCE + 1}`;
