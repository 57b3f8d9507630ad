// Those who act, and those who end them at the same time: whoever comes first is waited for, and nothing is half done.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Acting } from '../../src/access/workforces/acting.ts';
import { requireInForce } from '../../src/access/workforces/in-force-store.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import type { PrincipalId, RoleId } from '../../src/protocol/knowledge/ids.ts';
import { type ActingWorld, ADA, ROLE, startActingWorld, WORKFORCE } from './acting-world.ts';
import { grantOf } from './staff.ts';

let world: ActingWorld;
beforeAll(async () => {
  world = await startActingWorld();
});
afterAll(() => world.drop());

let count = 0;
/** A human of an account of his own, as he acts, bound as a reviewer. */
const somebody = async () => {
  count += 1;
  const id = `human:acme.example:nr-${count}` as PrincipalId;
  const header = await world.tokenOf(`account-${count}`, ['knowledge:write']);
  const { routes } = world.workforces;
  const request = { workforce: WORKFORCE, role: ROLE, owner: undefined, delegatedBy: [] };
  await routes.registerPrincipal(world.steward, { ...request, principal: id, account: `account-${count}` });
  const span = { notBefore: null, notAfter: null };
  const binding = await routes.grantBinding(world.steward, { human: id, capacity: 'reviewer', ...span });
  const asked = { authorization: header, principal: undefined, traceparent: undefined };
  return { acting: await world.whoActs(asked, 'knowledge:write'), binding: binding.id };
};

const use = (by: Acting, binding: string | null) =>
  inTransaction(world.sql, (tx) => requireInForce(tx, by, binding, world.now()));

const latch = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
};

/** Acts until it is told to stop, and tells once it has begun. */
const using = (by: Acting, binding: string | null) => {
  const [begun, released] = [latch(), latch()];
  const done = inTransaction(world.sql, async (tx) => {
    await requireInForce(tx, by, binding, world.now());
    begun.open();
    await released.opened;
  });
  return { started: begun.opened, release: released.open, done };
};

const version = async (): Promise<RoleId> => {
  count += 1;
  const role = `role:acme.example:other-${count}/v1`;
  await world.workforces.routes.declareRole(world.steward, { role, authority_grant: grantOf() });
  return role as RoleId;
};

/** Until so many wait for a lock that another has. */
const waiting = (wanted: number) =>
  expect
    .poll(
      async () => {
        const [row] = await world.sql<{ count: number }[]>`
          select count(*) from pg_locks where locktype = 'advisory' and not granted and database =
            (select oid from pg_database where datname = current_database())`;
        return row?.count;
      },
      { interval: 5, timeout: 5_000 },
    )
    .toBe(wanted);

type End = (acting: Acting, binding: string) => Promise<unknown>;
const ENDS: readonly (readonly [string, End, string])[] = [
  ['ended', ({ id }) => world.workforces.routes.endPrincipal(world.steward, id), 'principal_required'],
  [
    'given another role',
    async ({ id }) => world.workforces.routes.reassignRole(world.steward, id, await version()),
    'principal_required',
  ],
  [
    'unbound',
    (_, binding) => world.workforces.routes.revokeBinding(world.steward, binding),
    'human_binding_missing',
  ],
];

describe.each(ENDS)('whoever is %s', (_, end, code) => {
  it('finishes what he is committing, and begins nothing afterwards', async () => {
    const { acting, binding } = await somebody();
    const first = using(acting, binding);
    await first.started;
    let ended = false;
    const ending = end(acting, binding).then(() => {
      ended = true;
    });
    await waiting(1);
    expect(ended).toBe(false);
    first.release();
    await Promise.all([first.done, ending]);
    await expect(use(acting, binding)).rejects.toMatchObject({ code });
  });

  it('commits nothing that asks while the end is under way', async () => {
    const { acting, binding } = await somebody();
    const first = using(acting, binding);
    await first.started;
    const ending = end(acting, binding);
    await waiting(1);
    const late = use(acting, binding);
    late.catch(() => undefined);
    await waiting(2);
    first.release();
    await ending;
    await expect(late).rejects.toMatchObject({ code });
  });
});

describe('many at once', () => {
  const CALLERS = 6;
  const all = (act: (at: number) => Promise<unknown>) =>
    Promise.allSettled(Array.from({ length: CALLERS }, (_, at) => act(at)));
  const codes = (results: readonly PromiseSettledResult<unknown>[]) =>
    results
      .map((each) => (each.status === 'fulfilled' ? 'done' : (each.reason as { code: string }).code))
      .sort();
  const expected = (code: string) => [...Array<string>(CALLERS - 1).fill(code), 'done'].sort();

  it('who register one name make one principal', async () => {
    const principal = 'human:acme.example:contested' as PrincipalId;
    const request = { principal, workforce: WORKFORCE, role: undefined, owner: undefined, delegatedBy: [] };
    const results = await all(() =>
      world.workforces.routes.registerPrincipal(world.steward, { ...request, account: 'people' }),
    );
    expect(codes(results)).toEqual(expected('already_exists'));
  });

  it('who end one principal make one event', async () => {
    const { acting } = await somebody();
    const results = await all(() => world.workforces.routes.endPrincipal(world.steward, acting.id));
    expect(codes(results)).toEqual(expected('not_found'));
    const rows = await world.sql`
      select from events where subject = ${`principal:${acting.id}`} and kind = 'principal.ended'`;
    expect(rows).toHaveLength(1);
  });

  it('who declare one role with different contents make one of them, and those who mean the same agree', async () => {
    const role = 'role:acme.example:contested/v1';
    const results = await all((at) =>
      world.workforces.routes.declareRole(world.steward, {
        role,
        authority_grant: grantOf(at % 2 === 0 ? ['retrieve'] : ['propose']),
      }),
    );
    const done = results.filter(({ status }) => status === 'fulfilled');
    expect(done).toHaveLength(CALLERS / 2);
    const rows = await world.sql`select from events where subject = ${role}`;
    expect(rows).toHaveLength(1);
  });

  it('who act on a proposal while its proposer ends are waited for, and those who come later wait', async () => {
    const { acting } = await somebody();
    const { sql } = world;
    await sql`
      insert into knowledge_bases (id, workforce, registration, sensitivity, policy, policy_version, registered_at, event_id)
      values ('kb:acme.example:claims:b', ${WORKFORCE}, '{}', 'internal', '{}', 1, now(), 'x')`;
    await sql`
      insert into knowledge_contributions (id, base, proposer, account, closure, state, revision, digest, policy_version,
        reasons, sources, revisions_left, proposed_at, revised_at, expires_at, last_event)
      values ('c', 'kb:acme.example:claims:b', ${acting.id}, 'a', '{}', 'in_review', 1, 'd', 1, '{}', '[]', 3, now(), now(),
        now(), 'x')`;
    const [begun, released] = [latch(), latch()];
    const acts = inTransaction(sql, async (tx) => {
      await tx`select stop_use('contribution:c')`;
      begun.open();
      await released.opened;
      await tx`update knowledge_contributions set moves = moves + 1 where id = 'c' and moves = 0`;
    });
    await begun.opened;
    const ending = world.workforces.routes.endPrincipal(world.steward, acting.id);
    await waiting(1);
    released.open();
    await Promise.all([acts, ending]);
    const [row] = await sql`select moves, reasons from knowledge_contributions where id = 'c'`;
    expect(row).toEqual({ moves: 2, reasons: ['proposer_decommissioned'] });
  });

  it('who register workers of an owner while he is ended leave none without one', async () => {
    const { acting } = await somebody();
    const registering = all((at) =>
      world.workforces.routes.registerPrincipal(world.steward, {
        principal: `worker:acme.example:claims:late-${at}` as PrincipalId,
        workforce: WORKFORCE,
        account: 'agents',
        role: undefined,
        owner: acting.id,
        delegatedBy: [ADA],
      }),
    );
    const ending = world.workforces.routes.endPrincipal(world.steward, acting.id).then(
      () => 'ended',
      ({ code }: { code: string }) => code,
    );
    const [results, ended] = await Promise.all([registering, ending]);
    const workers = results.filter(({ status }) => status === 'fulfilled').length;
    expect(ended).toBe(workers > 0 ? 'principal_in_use' : 'ended');
  });
});

describe('a steward whose token ended meanwhile', () => {
  it('changes nothing', async () => {
    const { acting, binding } = await somebody();
    const role = await version();
    const count = async () => {
      const [row] = await world.sql`
        select (select count(*) from events) as events, (select count(*) from roles) as roles,
          (select count(*) from principals where ended_at is null) as acting,
          (select count(*) from human_bindings where revoked_at is null) as bound`;
      return { ...row };
    };
    const before = await count();
    await world.sql`update tokens set revoked_at = now() where id = ${world.steward.tokenId}`;
    const { routes } = world.workforces;
    const request = {
      workforce: WORKFORCE,
      role: undefined,
      owner: undefined,
      delegatedBy: [],
      account: 'people',
    };
    const span = { notBefore: null, notAfter: null };
    for (const act of [
      () =>
        routes.declareRole(world.steward, { role: 'role:acme.example:late/v1', authority_grant: grantOf() }),
      () =>
        routes.registerPrincipal(world.steward, {
          ...request,
          principal: 'human:acme.example:late' as PrincipalId,
        }),
      () => routes.reassignRole(world.steward, acting.id, role),
      () => routes.endPrincipal(world.steward, acting.id),
      () => routes.grantBinding(world.steward, { human: acting.id, capacity: 'reviewer', ...span }),
      () => routes.revokeBinding(world.steward, binding),
    ])
      await expect(act()).rejects.toMatchObject({ code: 'key_revoked' });
    expect(await count()).toEqual(before);
  });
});
