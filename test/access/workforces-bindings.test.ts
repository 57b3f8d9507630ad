// Bindings: by which humans may decide, in one capacity, for a time, and until they are revoked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BindingRow, bindingInForce, type Capacity } from '../../src/access/workforces/binding-store.ts';
import type { PrincipalId, WorkforceId } from '../../src/protocol/knowledge/ids.ts';
import { type ActingWorld, ADA, READER, startActingWorld, WORKFORCE } from './acting-world.ts';

let world: ActingWorld;
beforeAll(async () => {
  world = await startActingWorld();
});
afterAll(() => world.drop());

const DAY_MS = 24 * 60 * 60 * 1_000;
const daysOn = (days: number) => new Date(world.now().getTime() + days * DAY_MS);

const grant = (more: { human?: string; capacity?: Capacity; notBefore?: Date; notAfter?: Date } = {}) => {
  const { human = ADA, capacity = 'reviewer', notBefore = null, notAfter = null } = more;
  const request = { human: human as PrincipalId, capacity, notBefore, notAfter };
  return world.workforces.routes.grantBinding(world.steward, request);
};
const revoke = ({ id }: Pick<BindingRow, 'id'>) => world.workforces.routes.revokeBinding(world.steward, id);
const inForce = (capacities: readonly Capacity[], at = world.now()) =>
  bindingInForce(world.sql, ADA, WORKFORCE, capacities, at);
const stored = async () => {
  const [row] = await world.sql`
    select (select count(*) from human_bindings) as bindings, (select count(*) from events) as events,
      (select count(*) from human_bindings where revoked_at is null) as bound`;
  return { ...row };
};

describe('a binding', () => {
  it('holds for its capacity, from now on and for a year', async () => {
    const binding = await grant({ capacity: 'resolver' });
    expect(await inForce(['resolver'])).toBe(binding.id);
    expect(await inForce(['resolver', 'reviewer'])).toBe(binding.id);
    expect(await inForce(['reviewer', 'architect', 'operator'])).toBeUndefined();
    expect(await inForce(['resolver'], daysOn(364))).toBe(binding.id);
    expect(await inForce(['resolver'], daysOn(366))).toBeUndefined();
  });

  it('begins and ends when it says, and never before it was granted', async () => {
    const later = await grant({ capacity: 'architect', notBefore: daysOn(2), notAfter: daysOn(3) });
    expect(await inForce(['architect'])).toBeUndefined();
    expect(await inForce(['architect'], later.not_before)).toBe(later.id);
    expect(await inForce(['architect'], later.not_after)).toBeUndefined();
    const backdated = await grant({ capacity: 'architect', notBefore: daysOn(-9), notAfter: daysOn(1) });
    expect(backdated.not_before.getTime()).toBeGreaterThan(daysOn(-1).getTime());
  });

  it('ends at once when it is revoked, and cannot be revoked twice', async () => {
    const binding = await grant({ capacity: 'operator' });
    expect(await inForce(['operator'])).toBe(binding.id);
    await revoke(binding);
    expect(await inForce(['operator'])).toBeUndefined();
    const before = await stored();
    await expect(revoke(binding)).rejects.toMatchObject({ code: 'not_found' });
    expect(await stored()).toEqual(before);
    const rows = await world.sql<{ kind: string; sealed: Buffer }[]>`
      select kind, sealed from events where subject = ${`binding:${binding.id}`} order by xact, ordinal`;
    expect(rows.map(({ kind }) => kind)).toEqual(['binding.granted', 'binding.revoked']);
    expect(JSON.parse(String(rows[1]?.sealed)).causationId).toBe(binding.event_id);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'for another workforce than the human’s',
      () => {
        const span = { notBefore: null, notAfter: null };
        const workforce = 'workforce:acme.example:audit' as WorkforceId;
        const request = { human: ADA, workforce, capacity: 'reviewer', ...span } as const;
        return world.workforces.routes.grantBinding(world.steward, request);
      },
      'validation_error',
    ],
    ['for a worker', () => grant({ human: READER }), 'validation_error'],
    ['for somebody unknown', () => grant({ human: 'human:acme.example:nobody' }), 'not_found'],
    ['that is over', () => grant({ notAfter: daysOn(-1) }), 'validation_error'],
    [
      'that ends before it begins',
      () => grant({ notBefore: daysOn(3), notAfter: daysOn(2) }),
      'validation_error',
    ],
  ])('is not granted %s, and nothing is stored', async (_, act, code) => {
    const before = await stored();
    await expect(act()).rejects.toMatchObject({ code });
    expect(await stored()).toEqual(before);
  });

  it('is granted and revoked by the steward or the operator only, and nothing is stored', async () => {
    const binding = await grant();
    const before = await stored();
    const { routes } = world.workforces;
    const request = { human: ADA, capacity: 'reviewer', notBefore: null, notAfter: null } as const;
    const nobody = { ...world.steward, account: 'people' };
    const idle = { ...world.steward, scopes: ['knowledge:write'] as const };
    for (const [by, code] of [
      [nobody, 'not_found'],
      [idle, 'forbidden'],
    ] as const) {
      await expect(routes.grantBinding(by, request)).rejects.toMatchObject({ code });
      await expect(routes.revokeBinding(by, binding.id)).rejects.toMatchObject({ code });
      await expect(routes.listBindings(by, WORKFORCE)).rejects.toMatchObject({ code });
    }
    expect(await stored()).toEqual(before);
  });

  it('is shown to the steward, and its own to each', async () => {
    const { routes } = world.workforces;
    const all = await routes.listBindings(world.steward, WORKFORCE);
    const own = await routes.listBindings({ ...world.steward, account: 'people', scopes: [] }, null);
    expect(own.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(await routes.listBindings({ ...world.steward, account: 'agents' }, null)).toEqual([]);
  });

  it('of whoever has ended is not granted', async () => {
    const human = 'human:acme.example:gone' as PrincipalId;
    const { routes } = world.workforces;
    const request = { workforce: WORKFORCE, role: undefined, owner: undefined, delegatedBy: [] };
    await routes.registerPrincipal(world.steward, { ...request, principal: human, account: 'people' });
    await grant({ human });
    await routes.endPrincipal(world.steward, human);
    const before = await stored();
    await expect(grant({ human })).rejects.toMatchObject({ code: 'not_found' });
    expect(await stored()).toEqual(before);
  });
});
