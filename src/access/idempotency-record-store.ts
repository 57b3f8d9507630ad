// Writes that came with an Idempotency-Key, as rows: who carries one out, and what it was answered.
import type { Queryable } from '../database/connect.ts';
import type { Claim, KeyedRequests } from '../http/idempotency.ts';

interface Row {
  readonly state: 'pending' | 'completed';
  readonly head: Buffer;
  readonly body: Buffer | null;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly answer: Buffer | null;
}

const claimOf = ({ state, head, body, status, headers, answer }: Row): Claim =>
  state === 'completed' && body !== null && status !== null
    ? { state, head, body, answer: { status, headers: headers ?? {}, body: answer } }
    : { state: 'pending', head, body };

/** Times are the database's, so that processes agree on when a lease ends. */
export const keyedRequests = (db: Queryable): KeyedRequests => ({
  claim: async ({ id, head, body = null }, owner, leaseMs) => {
    const claimed = await db`
      insert into idempotent_requests as known (id, head, body, state, owner, lease_until)
      values (${id}, ${head}, ${body}, 'pending', ${owner}, now() + ${leaseMs}::float8 * interval '1 ms')
      on conflict (id) do update set owner = excluded.owner, lease_until = excluded.lease_until
      where known.state = 'pending' and known.lease_until < now() and known.head = excluded.head
        and (known.body is null or excluded.body is null or known.body = excluded.body)
      returning id`;
    if (claimed.length === 1) return { state: 'claimed' };
    const [row] = await db<Row[]>`
      select state, head, body, status, headers, answer from idempotent_requests where id = ${id}`;
    // Whoever held it let go of it just now: the next attempt finds it free.
    return row === undefined ? { state: 'pending', head, body: null } : claimOf(row);
  },
  renew: (id, owner, leaseMs) => db`
    update idempotent_requests set lease_until = now() + ${leaseMs}::float8 * interval '1 ms'
    where id = ${id} and owner = ${owner} and state = 'pending'`,
  complete: (id, owner, body, { status, headers, body: answer }) => db`
    update idempotent_requests
    set state = 'completed', body = ${body}, status = ${status}, headers = ${db.json(headers)},
      answer = ${answer}, at = now()
    where id = ${id} and owner = ${owner} and state = 'pending'`,
  release: (id, owner) => db`
    delete from idempotent_requests where id = ${id} and owner = ${owner} and state = 'pending'`,
});

/** idempotency.md: kept for a day at least. What nobody has completed by then, nobody will. */
export const forgetKeyedRequests = (db: Queryable): Promise<unknown> =>
  db`delete from idempotent_requests where at < now() - interval '25 hours' and lease_until < now()`;
