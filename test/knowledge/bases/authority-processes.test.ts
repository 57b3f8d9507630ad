// Two processes on one database: what ends in the one is refused by the other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../../world/processes.ts';
import { bindingsOf } from '../world/governing.ts';
import { addMember, as, BASE, type Member, registerBase, registerWorkforce } from '../world/workforce.ts';

let world: Ground;
let here: RegistryProcess;
let there: RegistryProcess;

beforeAll(async () => {
  world = await ground();
  [here, there] = await Promise.all([world.start(), world.start()]);
  await registerWorkforce(here);
  await registerBase(await addMember(here, 'human:acme.example:sam'));
});
afterAll(() => world.clear());

const path = `/knowledge/v1/bases/${BASE}`;
const pauseThere = (by: Member) => as(there, by)('POST', `${path}/pause`, { body: { reason_code: 'x' } });
const resumeHere = (by: Member) => as(here, by)('POST', `${path}/resume`);
const endings: readonly (readonly [string, (by: Member) => Promise<unknown>, string, number])[] = [
  ['ends', (by) => here.call('DELETE', `/access/principals/${by.id}`), 'principal_required', 403],
  [
    'loses his role',
    (by) => here.call('POST', `/access/principals/${by.id}/role`, { body: { role: null } }),
    'principal_required|authority_denied',
    403,
  ],
  [
    'loses his binding',
    async (by) => {
      for (const id of await bindingsOf(here as never, by))
        await here.call('DELETE', `/access/bindings/${id}`);
    },
    'human_binding_missing',
    403,
  ],
];

describe.each(endings)('a human who %s in one process', (what, end, codes, status) => {
  it('changes nothing in the other, at the very next request', async () => {
    const id = `human:acme.example:${what.replaceAll(' ', '-')}`;
    const by = await addMember(here, id, { capacities: ['operator', 'architect'] });
    expect((await pauseThere(by)).status).toBe(200);
    await resumeHere(by);
    await end(by);
    const answer = await pauseThere(by);
    expect(answer.status).toBe(status);
    expect(codes.split('|')).toContain(answer.json.error);
  });
});

describe('a human who ends in one process', () => {
  it('reads nothing in the other as soon as the news has come', async () => {
    const by = await addMember(here, 'human:acme.example:reading');
    const statusThere = async () => (await as(there, by)('GET', path)).status;
    expect(await statusThere()).toBe(200);
    await here.call('DELETE', `/access/principals/${by.id}`);
    await expect.poll(statusThere, { interval: 2, timeout: 5_000 }).toBe(403);
  });
});
