// Advisories as rows, and what they say of packs: whoever publishes a version asks for the last change of that.
import type { Queryable, Tx } from '../../database/connect.ts';
import { nameKey, type PackName, type PackVersion } from '../../protocol/pack-id.ts';
import type { AdvisoryContent, AdvisoryIdentity } from './advisory.ts';

export interface WithdrawalNote {
  readonly reason: string;
  readonly withdrawnAt: string;
  readonly withdrawnBy: string;
}

export interface AdvisoryRecord extends AdvisoryIdentity {
  readonly content: AdvisoryContent;
  readonly author: string;
  readonly byOperator: boolean;
  /** The event that last said something of it. */
  readonly eventId: string;
  /** Null for one that is in force. */
  readonly withdrawn: WithdrawalNote | null;
}

const columns = (db: Queryable) => db`
  id, content, author, by_operator as "byOperator", published_at as "publishedAt", changed_at as "changedAt",
  event_id as "eventId", withdrawn`;

/** Of those who write advisories there is one at a time, until the transaction ends. */
export const lockAdvisories = (tx: Tx): Promise<unknown> => tx`select stop_use('advisories')`;

/** Until the transaction ends nobody publishes a version of these packs without hearing of what is advised. */
export const lockAdvice = (tx: Tx, packs: readonly string[]): Promise<unknown> => tx`
  select stop_use('advice:' || key) from unnest(${[...new Set(packs)].sort()}::text[]) as held (key)`;

export const findAdvisory = async (db: Queryable, id: string): Promise<AdvisoryRecord | undefined> => {
  const [row] = await db<AdvisoryRecord[]>`select ${columns(db)} from advisories where id = ${id}`;
  return row;
};

/** One in force that says exactly the same. */
export const findSame = async (tx: Tx, content: AdvisoryContent): Promise<AdvisoryRecord | undefined> => {
  const [row] = await tx<AdvisoryRecord[]>`
    select ${columns(tx)} from advisories
    where withdrawn is null and content = ${tx.json({ ...content } as never)} order by id limit 1`;
  return row;
};

const prefixOf = (year: number): string => `OPENWOP-${String(year).padStart(4, '0')}-`;

/** The lowest number of that year that was never given; undefined where there is none left. */
export const freeId = async (tx: Tx, year: number): Promise<string | undefined> => {
  const [row] = await tx<{ id: string }[]>`
    select id from (select ${prefixOf(year)} || lpad(number::text, 4, '0') as id, number
      from generate_series(1, 9999) as number) as possible
    where not exists (select from advisories where advisories.id = possible.id) order by number limit 1`;
  return row?.id;
};

/** Sets which packs the advisory names from now on, and tells those who publish versions of these packs. */
const advise = async (
  tx: Tx,
  id: string,
  packs: readonly string[],
  before: readonly string[],
): Promise<void> => {
  await tx`delete from advised_packs where advisory_id = ${id}`;
  await tx`insert into advised_packs (name_key, advisory_id) select key, ${id} from unnest(${packs}::text[]) as key`;
  await tx`
    insert into advice (name_key) select key from unnest(${[...new Set([...packs, ...before])]}::text[]) as key
    on conflict (name_key) do update set change = nextval('advice_changes')`;
};

export const insertAdvisory = async (
  tx: Tx,
  record: AdvisoryRecord,
  packs: readonly string[],
): Promise<void> => {
  await tx`
    insert into advisories (id, content, author, by_operator, published_at, event_id)
    values (${record.id}, ${tx.json({ ...record.content } as never)}, ${record.author}, ${record.byOperator},
      ${record.publishedAt}, ${record.eventId})`;
  await advise(tx, record.id, packs, []);
};

/** @param before the packs that it named until now */
export const updateAdvisory = async (
  tx: Tx,
  { id, content, author, byOperator, changedAt, eventId, withdrawn }: AdvisoryRecord,
  packs: readonly string[],
  before: readonly string[],
): Promise<void> => {
  await tx`
    update advisories set content = ${tx.json({ ...content } as never)}, author = ${author}, by_operator = ${byOperator},
      changed_at = ${changedAt}, event_id = ${eventId}, withdrawn = ${withdrawn === null ? null : tx.json({ ...withdrawn })}
    where id = ${id}`;
  await advise(tx, id, packs, before);
};

/** By id. */
export const listAdvisories = (db: Queryable): Promise<readonly AdvisoryRecord[]> => db<AdvisoryRecord[]>`
  select ${columns(db)} from advisories order by id`;

/** Those in force that name a pack, whatever the versions; by id. */
export const advisoriesOn = (db: Queryable, name: PackName): Promise<readonly AdvisoryRecord[]> => db<
  AdvisoryRecord[]
>`
  select ${columns(db)} from advisories join advised_packs on advisory_id = id
  where name_key = ${nameKey(name)} and withdrawn is null order by id`;

/** The last change of what is advised about a pack; 0 where there never was any. */
export const lastAdvice = async (db: Queryable, name: PackName): Promise<number> => {
  const [row] = await db<{ change: number }[]>`select change from advice where name_key = ${nameKey(name)}`;
  return row?.change ?? 0;
};

export interface StandingVersion {
  readonly name: PackName;
  readonly version: PackVersion;
  readonly yanked: boolean;
}

/** Every version of these packs but tombstones, in the order of names. */
export const versionsOfPacks = (
  db: Queryable,
  packs: readonly string[],
): Promise<readonly StandingVersion[]> => db<StandingVersion[]>`
  select name, version, yanked is not null as yanked from versions
  where name_key = any(${packs}::text[]) and unpublished is null order by name_key, version`;

/** How many numbers of a year an account was given. */
export const countGiven = async (tx: Tx, account: string, year: number): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*) as count from advisories
    where author = ${account} and id like ${`${prefixOf(year)}%`}`;
  return row?.count ?? 0;
};
