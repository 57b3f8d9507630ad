// Writes that came with an Idempotency-Key, as rows: who carries one out, and what it was answered.
import type { Queryable } from '../database/connect.ts';
import type { Claim, KeyedRequests } from '../http/idempotency.ts';
import type { LeftOut } from '../http/kept-answer.ts';

interface Row {
  readonly state: 'pending' | 'completed';
  readonly head: Buffer;
  readonly body: Buffer | null;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly answer: Buffer | null;
  readonly left_out: LeftOut | null;
}

/** On record of one account at a time: about one in nine seconds, all day. */
const MOST_OF_ACCOUNT = 10_000;

const claimOf = ({ state, head, body, status, headers, answer, left_out }: Row): Claim =>
  state === 'completed' && body !== null && status !== null
    ? { state, head, body, answer: { status, headers: headers ?? {}, body: answer ?? left_out ?? 'secret' } }
    : { state: 'pending', head, body };

/** Whether the account has room for one more. What is over a day old counts no longer, swept or not. */
const hasRoom = (db: Queryable, account: string) => db`
  (select count(*) from (
    select from idempotent_requests where account = ${account} and at > now() - interval '25 hours'
    limit ${MOST_OF_ACCOUNT}) as held) < ${MOST_OF_ACCOUNT}`;

/** Times are the database's, so that processes agree on when a lease ends. */
export const keyedRequests = (db: Queryable): KeyedRequests => ({
  claim: async ({ id, account, head, body = null }, owner, leaseMs) => {
    const claimed = await db`
      insert into idempotent_requests as known (id, account, head, body, state, owner, lease_until)
      select ${id}::bytea, ${account}::text, ${head}::bytea, ${body}::bytea, 'pending', ${owner}::text,
        now() + ${leaseMs}::float8 * interval '1 ms'
      where exists (select from idempotent_requests where id = ${id}) or ${hasRoom(db, account)}
      on conflict (id) do update set owner = excluded.owner, lease_until = excluded.lease_until
      where known.state = 'pending' and known.lease_until < now() and known.head = excluded.head
        and (known.body is null or excluded.body is null or known.body = excluded.body)
      returning id`;
    if (claimed.length === 1) return { state: 'claimed' };
    const [row] = await db<Row[]>`
      select state, head, body, status, headers, answer, left_out from idempotent_requests where id = ${id}`;
    if (row !== undefined) return claimOf(row);
    const [room] = await db<{ free: boolean }[]>`select ${hasRoom(db, account)} as free`;
    // Whoever held it let go of it just now: the next attempt finds it free.
    return room?.free ? { state: 'pending', head, body: null } : { state: 'full', most: MOST_OF_ACCOUNT };
  },
  renew: (id, owner, leaseMs) => db`
    update idempotent_requests set lease_until = now() + ${leaseMs}::float8 * interval '1 ms'
    where id = ${id} and owner = ${owner} and state = 'pending'`,
  complete: (id, owner, body, { status, headers, body: answer }) => {
    const [kept, leftOut] = typeof answer === 'string' ? [null, answer] : [answer, null];
    return db`
      update idempotent_requests
      set state = 'completed', body = ${body}, status = ${status}, headers = ${db.json(headers)},
        answer = ${kept}, left_out = ${leftOut}, at = now()
      where id = ${id} and owner = ${owner} and state = 'pending'`;
  },
  release: (id, owner) => db`
    delete from idempotent_requests where id = ${id} and owner = ${owner} and state = 'pending'`,
});

const BATCH = 2_000;
const SWEEP_MS = 60_000;

/**
 * idempotency.md: kept for a day at least. What nobody has completed by then, nobody will. Many small statements, so that
 * none holds up others for long.
 * @param forMs how long it goes on at most; the next turn goes on from there.
 */
export const forgetKeyedRequests = async (db: Queryable, forMs = SWEEP_MS): Promise<void> => {
  const end = performance.now() + forMs;
  for (let count = BATCH; count === BATCH && performance.now() < end; ) {
    const gone = await db`
      delete from idempotent_requests where id in (
        select id from idempotent_requests where at < now() - interval '25 hours' and lease_until < now()
        order by at limit ${BATCH} for update skip locked)`;
    count = gone.count;
  }
};
