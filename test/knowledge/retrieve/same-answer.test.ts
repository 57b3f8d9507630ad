// The same request of the same version: the same bytes, after the pointer moved, in another process, at any time.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeConnection, connect } from '../../../src/database/connect.ts';
import { isUnavailable } from '../../../src/database/transaction.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import { createBlockStore } from '../../../src/knowledge/versions/block-store.ts';
import { mountRetrieval, type RetrievalWorld, startRetrievalWorld } from '../world/retrieval-world.ts';

let world: RetrievalWorld;
let duringLook: () => Promise<unknown> = async () => undefined;

const entries = Object.fromEntries(
  Array.from({ length: 120 }, (_, at) => [
    `page-${at}.md`,
    `page ${at} of the rules, ${'salt '.repeat(at % 7)}`,
  ]),
);

beforeAll(async () => {
  world = await startRetrievalWorld(
    { entries, versions: [{ 'page-3.md': 'salt', 'page-4.md': null, 'new.md': 'salt salt' }] },
    {
      looking: (the) => ({
        ...the,
        blocks: {
          get: async (cid) => {
            await duringLook();
            return the.blocks.get(cid);
          },
        },
      }),
    },
  );
});
afterAll(() => world.stop());

const REQUESTS = [
  '/entries/page-3.md',
  '/entries?limit=50',
  '/entries?limit=50&after=page-40.md&proof=1',
  '/entries?prefix=page-1&proof=1',
  '/search?q=salt%20rules&limit=10',
  '/search?q=salt&limit=200&proof=1',
  '/diff/OTHER?limit=2',
  '/diff/OTHER?proof=1',
  '/proofs/page-4.md',
  '/proofs/none.md',
] as const;

const addressesAt = (at: number): readonly string[] =>
  REQUESTS.map((rest) => {
    const other = world.versions[1 - at]?.id ?? '';
    return world.at(`/versions/${world.versions[at]?.id}${rest.replace('OTHER', other)}`);
  });

const bytesOf = async (addresses: readonly string[], url = world.url): Promise<readonly string[]> => {
  const answers: string[] = [];
  for (const address of addresses) {
    const reply = await fetch(url + address, { headers: { Authorization: `Bearer ${world.reader.token}` } });
    expect([address, reply.status]).toEqual([address, 200]);
    answers.push(Buffer.from(await reply.arrayBuffer()).toString('base64'));
  }
  return answers;
};

/** Another process on the same database and the same blobs. */
const elsewhere = async () => {
  const sql = connect({ url: world.databaseUrl });
  const router = new Router({ sensitive: true, strict: true });
  mountRetrieval({}, world.stagingFolder, [])(router, { ...world, sql, blocks: createBlockStore(sql) });
  const log = pino({ level: 'silent' });
  const server = createHttpServer({ router, ready: () => undefined, log, isUnavailable });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await closeConnection(sql);
    },
  };
};

describe('check 3: the same request of the same version', () => {
  it('is answered with the same bytes after the pointer moved, after new versions, and in another process', async () => {
    const first = [await bytesOf(addressesAt(0)), await bytesOf(addressesAt(1))];
    const [older] = world.versions;
    if (older === undefined) throw new Error('no version');
    await world.moveTo(older);
    await world.addVersion({ 'page-5.md': null, 'page-6.md': 'salt '.repeat(100) });
    await world.addVersion({ 'page-3.md': entries['page-3.md'] ?? null }, { on: older });
    expect([await bytesOf(addressesAt(0)), await bytesOf(addressesAt(1))]).toEqual(first);
    const other = await elsewhere();
    try {
      expect([await bytesOf(addressesAt(0), other.url), await bytesOf(addressesAt(1), other.url)]).toEqual(
        first,
      );
    } finally {
      await other.stop();
    }
  });

  it('is answered alike whether the version is named or is the current one', async () => {
    const current = (await world.standing()).current;
    for (const rest of ['/entries?limit=20&proof=1', '/search?q=salt', '/proofs/page-7.md']) {
      const named = await world.call('GET', world.at(`/versions/${current}${rest}`));
      const moving = await world.call('GET', world.at(`/versions/current${rest}`));
      expect(moving.bytes.equals(named.bytes)).toBe(true);
      expect(moving.headers.get('attestry-event')).not.toBe(named.headers.get('attestry-event'));
    }
  });
});

describe('M18: a request for what is current', () => {
  it('is answered from one version, though another becomes current while it is looked at', async () => {
    const before = (await world.standing()).current;
    const pinned = await world.call('GET', world.at(`/versions/${before}/entries?limit=1000&proof=1`));
    let made: { id: string } | undefined;
    duringLook = async () => {
      if (made !== undefined) return;
      made = { id: 'being made' };
      made = await world.addVersion({ 'page-8.md': null, 'zz.md': 'later' });
    };
    const during = await world.call('GET', world.at('/versions/current/entries?limit=1000&proof=1'));
    duringLook = async () => undefined;
    expect(during.headers.get('knowledge-base-version')).toBe(before);
    expect(during.bytes.equals(pinned.bytes)).toBe(true);
    const after = await world.call('GET', world.at('/versions/current/entries?limit=1000'));
    expect(after.json.knowledge_base_version).toBe(made?.id);
    expect(after.json.entries.map(({ path }: { path: string }) => path)).toContain('zz.md');
  });
});
