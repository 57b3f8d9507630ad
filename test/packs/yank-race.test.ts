// Two processes on one database: of many who yank at once one makes the event, and all readers learn of it at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseWithdrawals } from '../../keys/withdrawals.ts';
import { digestOf } from '../../storage/digest.ts';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

let world: Ground;
let processes: readonly [RegistryProcess, RegistryProcess];
const acme = createPublisher();
const CALLERS = 8;

beforeAll(async () => {
  world = await ground();
  processes = await Promise.all([world.start(), world.start()]);
  await delegate(processes[0].call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const either = (index: number): RegistryProcess => (index % 2 === 0 ? processes[0] : processes[1]);
const yankOf = (name: string, version = '1.0.0'): string => `/v1/packs/${name}/-/${version}/yank`;

const publish = async (name: string, version = '1.0.0'): Promise<string> => {
  const body = await acme.pack({ name, version });
  await processes[0].call('PUT', addressOf(name, version), { body });
  return digestOf(body);
};

const yankBy = ({ call }: RegistryProcess, name: string, version = '1.0.0', reason = 'x') =>
  call('POST', yankOf(name, version), { body: { reason } });

const kindsOf = async (name: string) => {
  const rows = await world.database.sql<{ kind: string }[]>`
    select kind from events where subject = ${`pack:${name}@1.0.0`} order by xact, ordinal`;
  return rows.map((row) => row.kind);
};

const listOf = async ({ call }: RegistryProcess) => {
  const { bytes } = await call('GET', '/trust/withdrawals.json', { token: null });
  return parseWithdrawals(parseEnvelope(bytes).payload);
};

const digestsOf = async (registry: RegistryProcess) =>
  (await listOf(registry)).withdrawn.map((each) => each.sha256);

describe('eight callers in two processes', () => {
  it('who yank one version make one event, and all are told the grounds that stand', async () => {
    const name = 'vendor.acme.contested';
    await publish(name);
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, index) => yankBy(either(index), name, '1.0.0', `reason ${index}`)),
    );
    expect(answers.map((answer) => answer.status)).toEqual(Array(CALLERS).fill(200));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.json.yanked))).size).toBe(1);
    expect(await kindsOf(name)).toEqual(['pack.published', 'pack.yanked']);
  });

  it('who take it back make one event, too', async () => {
    const name = 'vendor.acme.contested';
    await Promise.all(
      Array.from({ length: CALLERS }, (_, index) => either(index).call('DELETE', yankOf(name))),
    );
    expect(await kindsOf(name)).toEqual(['pack.published', 'pack.yanked', 'pack.unyanked']);
  });

  it('who yank and take back as they like leave events in turns', async () => {
    const name = 'vendor.acme.disputed';
    await publish(name);
    await Promise.all(
      Array.from({ length: 4 * CALLERS }, (_, index) =>
        index % 4 < 2 ? yankBy(either(index), name) : either(index).call('DELETE', yankOf(name)),
      ),
    );
    const [, ...turns] = await kindsOf(name);
    expect(turns).toEqual(turns.map((_, index) => (index % 2 === 0 ? 'pack.yanked' : 'pack.unyanked')));
  });

  it('who yank eight versions all find theirs in the signed list when they are answered', async () => {
    const versions = Array.from({ length: CALLERS }, (_, index) => `1.${index}.0`);
    const name = 'vendor.acme.many';
    const digests = await Promise.all(versions.map((version) => publish(name, version)));
    const found = await Promise.all(
      versions.map(async (version, index) => {
        await yankBy(either(index), name, version);
        return (await digestsOf(either(index + 1))).includes(String(digests[index]));
      }),
    );
    expect(found).toEqual(Array(CALLERS).fill(true));
    const [row] = await world.database.sql<{ lists: number }[]>`select count(*) as lists from withdrawals`;
    expect(row?.lists).toBe(1);
  });
});

describe('readers of the other process', () => {
  it('see a yank in documents they hold in memory, by the doorbell alone', async () => {
    const name = 'vendor.acme.held';
    await publish(name);
    await publish(name, '1.1.0');
    const latest = async ({ call }: RegistryProcess) =>
      (await call('GET', `/v1/packs/${name}`, { token: null })).json?.['dist-tags'].latest;
    for (let turn = 0; turn < 6; turn += 1) {
      const [writer, reader] = [either(turn), either(turn + 1)];
      await latest(reader);
      if (turn % 2 === 0) await yankBy(writer, name, '1.1.0');
      else await writer.call('DELETE', yankOf(name, '1.1.0'));
      const wanted = turn % 2 === 0 ? '1.0.0' : '1.1.0';
      await expect.poll(() => latest(reader), { interval: 2, timeout: 5_000 }).toBe(wanted);
    }
  });

  it('see it in the signed list as soon as the writer is answered', async () => {
    const digest = await publish('vendor.acme.told');
    await yankBy(processes[0], 'vendor.acme.told');
    expect(await digestsOf(processes[1])).toContain(digest);
  });
});

describe('a yank whose process died', () => {
  const note = { reason: 'x', yankedAt: '2026-01-01T00:00:00.000Z', yankedBy: 'operator' };

  it('after it was committed and before anybody learned of it is listed when it is repeated', async () => {
    const name = 'vendor.acme.unreported';
    const digest = await publish(name);
    const { sql } = world.database;
    await sql`update versions set yanked = ${sql.json(note)} where name = ${name}`;
    expect(await digestsOf(processes[0])).not.toContain(digest);
    expect((await yankBy(processes[0], name)).json.yanked).toEqual(note);
    expect(await digestsOf(processes[1])).toContain(digest);
  });

  it('is listed when the next one starts', async () => {
    const name = 'vendor.acme.restarted';
    const digest = await publish(name);
    const { sql } = world.database;
    await sql`update versions set yanked = ${sql.json(note)} where name = ${name}`;
    const restarted = await world.start();
    expect(await digestsOf(restarted)).toContain(digest);
    restarted.process.kill('SIGKILL');
  });
});
