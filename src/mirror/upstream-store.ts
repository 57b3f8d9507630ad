// Upstreams as rows: what is mirrored from where, how far each sync came, and what it refused.

import { digestOf } from '../../storage/digest.ts';
import type { LogEvidence, TrustState } from '../client/trust-state.ts';
import type { Queryable, Sql, Tx } from '../database/connect.ts';
import type { Tree } from '../protocol/faults.ts';
import { NEVER } from './limits.ts';
import { storableText } from './storable.ts';

const ID_LENGTH = 12;

export type Outcome = 'never' | 'complete' | 'partial' | 'failed' | 'stopped';

/** What a sync has done so far. */
export interface Progress {
  readonly packs: number;
  readonly packsDone: number;
  readonly added: number;
  readonly changed: number;
  readonly refused: number;
  readonly bytes: number;
  /** Entries of the log of an export, and then its packs, that were checked before anything of it is taken. */
  readonly checked?: number;
  /** Why nothing of an export was taken, where the registry is mirrored over the network as well. */
  readonly importRefused?: string | null;
}

export const NOTHING_DONE: Progress = {
  packs: 0,
  packsDone: 0,
  added: 0,
  changed: 0,
  refused: 0,
  bytes: 0,
};

export interface UpstreamRow {
  readonly id: string;
  readonly url: string;
  /** Null = everything. */
  readonly namespaces: readonly string[] | null;
  readonly trees: readonly Tree[];
  readonly addedBy: string;
  readonly addedAt: Date;
  readonly dueAt: Date;
  readonly turn: number;
  readonly failures: number;
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly progress: Partial<Progress>;
  readonly logSize: number | null;
  /** When all packs were last looked at, whatever the log said. */
  readonly fullAt: Date | null;
  readonly trust: TrustState | null;
  readonly evidence: LogEvidence | null;
  readonly versions: number;
  readonly flaws: number;
  /** Of them: versions that it has in both trees, and that are served from the other one. */
  readonly inOtherTree: number;
}

const columns = (db: Queryable) => db`
  id, url, namespaces, trees, added_by as "addedBy", added_at as "addedAt", due_at as "dueAt", turn, failures, outcome,
  reason, started_at as "startedAt", ended_at as "endedAt", progress, log_size as "logSize",
  full_at as "fullAt", trust, evidence,
  (select count(*) from mirrored_versions where upstream = url) as versions,
  (select count(*) from mirror_flaws where upstream = url) as flaws,
  (select count(*) from mirror_flaws where upstream = url and code = 'in_other_tree') as "inOtherTree"`;

export const allUpstreams = (db: Queryable): Promise<UpstreamRow[]> =>
  db<UpstreamRow[]>`select ${columns(db)} from mirror_upstreams order by url`;

export const upstreamOf = async (db: Queryable, id: string): Promise<UpstreamRow | undefined> => {
  const [row] = await db<UpstreamRow[]>`select ${columns(db)} from mirror_upstreams where id = ${id}`;
  return row;
};

/** Those whose turn it is; one that was stopped is asked no more. */
export const dueUpstreams = (db: Queryable, now: Date): Promise<{ id: string }[]> => db<{ id: string }[]>`
  select id from mirror_upstreams where due_at <= ${now} and outcome <> 'stopped' order by due_at`;

export interface NewUpstream {
  readonly id: string;
  readonly url: string;
  readonly namespaces: readonly string[] | null;
  readonly trees: readonly Tree[];
  readonly addedBy: string;
  readonly at: Date;
  /** Default: at once. */
  readonly dueAt?: Date | undefined;
}

/** False where it is there already. */
export const insertUpstream = async (tx: Tx, row: NewUpstream): Promise<boolean> => {
  const { id, url, namespaces, trees, addedBy, at, dueAt = at } = row;
  const result = await tx`
    insert into mirror_upstreams (id, url, namespaces, trees, added_by, added_at, due_at)
    values (${id}, ${url}, ${namespaces as string[] | null}, ${[...trees]}, ${addedBy}, ${at}, ${dueAt})
    on conflict do nothing`;
  return result.count === 1;
};

/** One change of an upstream at a time. Say it before anything is written. */
export const lockUpstream = (tx: Tx, url: string): Promise<unknown> =>
  tx`select stop_use(${`upstream:${url}`})`;

/** The same for one address everywhere. */
export const upstreamId = (url: string): string => digestOf(Buffer.from(url)).slice(0, ID_LENGTH);

/** What was mirrored stays. */
export const deleteUpstream = async (tx: Tx, url: string): Promise<boolean> =>
  (await tx`delete from mirror_upstreams where url = ${url}`).count === 1;

const MOST_REASON = 1_000;

/** What became of the last import stays to be seen until the next one begins, whatever is done over the network. */
const ofImport = (db: Queryable) => db`
  case when progress ? 'importRefused' then jsonb_build_object('importRefused', progress -> 'importRefused')
    else '{}' end`;

export const markStarted = (db: Queryable, url: string, at: Date, isImport: boolean): Promise<unknown> => db`
  update mirror_upstreams set started_at = ${at}, progress = ${isImport ? db`'{}'` : ofImport(db)}
  where url = ${url}`;

export const setProgress = (db: Queryable, url: string, progress: Progress): Promise<unknown> => db`
  update mirror_upstreams set progress = ${ofImport(db)} || ${JSON.stringify(progress)}::text::jsonb
  where url = ${url}`;

export interface Ending {
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly failures: number;
  readonly at: Date;
  readonly dueAt: Date;
  readonly progress: Progress;
  readonly logSize: number | null;
  readonly fullAt: Date | null;
}

/** What was removed meanwhile, and perhaps added anew in another way, has not come to an end by this. */
export const markEnded = (
  db: Queryable,
  { url, addedAt }: Pick<UpstreamRow, 'url' | 'addedAt'>,
  end: Ending,
): Promise<unknown> => db`
  update mirror_upstreams set outcome = ${end.outcome},
    reason = ${end.reason && storableText(end.reason, MOST_REASON)}, failures = ${end.failures},
    ended_at = ${end.at}, due_at = case when due_at >= ${NEVER} then due_at else ${end.dueAt} end, turn = turn + 1,
    log_size = coalesce(${end.logSize}, log_size), full_at = coalesce(${end.fullAt}, full_at),
    progress = ${ofImport(db)} || ${JSON.stringify(end.progress)}::text::jsonb
  where url = ${url} and added_at = ${addedAt}`;

/** What is mirrored over the network stands as it stood, whatever came of a file beside that. */
export const markImportRefused = (
  db: Queryable,
  { url, addedAt, startedAt }: Pick<UpstreamRow, 'url' | 'addedAt' | 'startedAt'>,
  progress: Progress,
): Promise<unknown> => db`
  update mirror_upstreams set turn = turn + 1, started_at = ${startedAt},
    progress = ${JSON.stringify(progress)}::text::jsonb
  where url = ${url} and added_at = ${addedAt}`;

/** Lists of packs that upstream names no more. */
export const forgetUnlisted = (db: Queryable, url: string, paths: readonly string[]): Promise<unknown> => db`
  delete from mirror_seen where upstream = ${url}
    and not exists (select from unnest(${[...paths]}::text[]) as listed where listed = path)`;

export interface SeenDocument {
  readonly etag: string | null;
  readonly sha256: string;
}

export const seenAt = async (db: Queryable, url: string, path: string): Promise<SeenDocument | undefined> => {
  const [row] = await db<SeenDocument[]>`
    select etag, sha256 from mirror_seen where upstream = ${url} and path = ${path}`;
  return row;
};

/** Undefined: it was not worked through to the end, and is to be read again. */
export const setSeen = (
  db: Queryable,
  url: string,
  path: string,
  seen: SeenDocument | undefined,
): Promise<unknown> =>
  seen === undefined
    ? db`delete from mirror_seen where upstream = ${url} and path = ${path}`
    : db`insert into mirror_seen (upstream, path, etag, sha256)
        select url, ${path}, ${seen.etag}, ${seen.sha256} from mirror_upstreams where url = ${url}
        on conflict (upstream, path) do update set etag = excluded.etag, sha256 = excluded.sha256`;

export const trustOf = async (sql: Queryable, url: string): Promise<TrustState | undefined> => {
  const [row] = await sql<
    { trust: TrustState | null }[]
  >`select trust from mirror_upstreams where url = ${url}`;
  return row?.trust ?? undefined;
};

export const setTrust = (tx: Tx, url: string, state: TrustState): Promise<unknown> =>
  tx`update mirror_upstreams set trust = ${JSON.stringify(state)}::text::jsonb where url = ${url}`;

/** The first stays. */
export const keepEvidence = (sql: Sql, url: string, evidence: LogEvidence): Promise<unknown> => sql`
  update mirror_upstreams set evidence = ${JSON.stringify(evidence)}::text::jsonb
  where url = ${url} and evidence is null`;

/** Whoever has room for it begins it. */
export const makeDue = (db: Queryable, url: string, at: Date): Promise<unknown> => db`
  update mirror_upstreams set due_at = least(due_at, ${at}) where url = ${url}`;
