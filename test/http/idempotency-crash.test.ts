// kill -9 between the commit of a write and the record of its answer: sent again, it is not done twice.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let place: Ground;
let doomed: RegistryProcess;
let heir: RegistryProcess;
const acme = createPublisher();
beforeAll(async () => {
  place = await ground();
  doomed = await place.start({ work: 'publishing', step: 'commit', flavour: 'done but unreported' });
  heir = await place.start();
});
afterAll(() => place.clear());

describe('a process that dies with the key in its hand', () => {
  it('leaves the write done once, and the key to whoever comes after its lease', async () => {
    await delegate(doomed.call, acme, ['vendor.acme.*']);
    const body = await acme.pack();
    const options = { body, headers: { 'Idempotency-Key': 'survivor' } };
    await doomed.arm();
    await expect(doomed.call('PUT', addressOf(), options)).rejects.toThrow();
    await doomed.gone();

    const before = await place.stored();
    const early = await heir.call('PUT', addressOf(), options);
    expect([early.status, early.json.error]).toEqual([409, 'idempotency_in_flight']);
    await place.database.sql`update idempotent_requests set lease_until = now()`;
    const after = await heir.call('PUT', addressOf(), options);
    expect([after.status, after.headers.get('openwop-idempotent-replay')]).toEqual([200, null]);
    const again = await heir.call('PUT', addressOf(), options);
    expect([again.status, again.headers.get('openwop-idempotent-replay')]).toEqual([200, 'true']);
    expect(await place.stored()).toEqual(before);
  });
});
