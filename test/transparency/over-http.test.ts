// The log as anybody reads it: what was written is in it, every answer can be checked, and nothing private leaks.
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseVkey } from '../../keys/key.ts';
import { openCheckpoint } from '../../src/protocol/checkpoint.ts';
import { openEvent } from '../../src/protocol/event.ts';
import { hashLeaf, isConsistent, rootFromInclusion } from '../../src/protocol/merkle.ts';
import { decodeEntries, proveConsistency, type Tile, tilePath, treeRoot } from '../../src/protocol/tiles.ts';
import { parseTlogProof } from '../../src/protocol/tlog-proof.ts';
import { accountWith, addressOf, createPublisher, delegate } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
const acme = createPublisher();
beforeAll(async () => {
  registry = await startRegistry({ mode: 'private' });
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => registry.stop());

const text = async (path: string): Promise<string> => {
  const answer = await registry.call('GET', path, { token: null });
  expect([path, answer.status]).toEqual([path, 200]);
  return answer.bytes.toString('utf8');
};

const vkey = async () => {
  const discovery = JSON.parse(await text('/.well-known/openwop-registry'));
  return parseVkey(discovery.trust.log.vkey);
};

const checkpoint = async () => openCheckpoint(await text('/transparency/checkpoint'), await vkey());

const readTile = async (tile: Tile): Promise<Uint8Array> => {
  const answer = await registry.call('GET', `/transparency/${tilePath(tile)}`, { token: null });
  expect(answer.status).toBe(200);
  return new Uint8Array(answer.bytes);
};

/** Believes a proof as a client does, and returns the event that it shows. */
const believe = async (proofText: string) => {
  const proof = parseTlogProof(proofText);
  const head = openCheckpoint(proof.checkpoint, await vkey());
  const { event, leaf } = openEvent(proof.extra ?? new Uint8Array());
  const root = rootFromInclusion({ ...proof, size: head.size, leafHash: hashLeaf(leaf) });
  expect(Buffer.from(root ?? []).equals(Buffer.from(head.root))).toBe(true);
  return { event, index: proof.index, head };
};

const publish = async (name: string, version = '1.0.0') =>
  registry.call('PUT', addressOf(name, version), { body: await acme.pack({ name, version }) });

describe('a publish', () => {
  it('is answered with a receipt that proves it', async () => {
    const answer = await publish('vendor.acme.receipt');
    expect(answer.status).toBe(201);
    const { receipt, integrity } = answer.json;
    const { event, index } = await believe(receipt.proof);
    expect(index).toBe(receipt.index);
    expect(event).toMatchObject({ kind: 'pack.published', subject: 'pack:vendor.acme.receipt@1.0.0' });
    const { sha256 } = event['data'] as { sha256: string };
    expect(`sha256-${Buffer.from(sha256, 'hex').toString('base64')}`).toBe(integrity);
  });

  it('repeated with the same bytes gets the same place', async () => {
    const first = await publish('vendor.acme.again');
    const second = await publish('vendor.acme.again');
    expect(second.status).toBe(200);
    expect(second.json.receipt.index).toBe(first.json.receipt.index);
    await believe(second.json.receipt.proof);
  });

  it('can be proven later, in both trees, and by its receipt', async () => {
    const { json } = await publish('vendor.acme.later');
    await publish('vendor.acme.later', '1.0.1');
    for (const tree of ['v1', 'v2'] as const) {
      const { event, index } = await believe(
        await text(addressOf('vendor.acme.later', '1.0.0', tree, 'proof')),
      );
      expect([event['id'], index]).toEqual([json.receipt.eventId, json.receipt.index]);
    }
    const receipt = JSON.parse(await text(json.receipt.url));
    expect(receipt).toMatchObject({ eventId: json.receipt.eventId, index: json.receipt.index });
    await believe(receipt.proof);
  });
});

describe('a yank', () => {
  it('and taking it back are proven by receipts, and said again by the same ones', async () => {
    await publish('vendor.acme.yanked');
    const path = '/v1/packs/vendor.acme.yanked/-/1.0.0/yank';
    const yank = () => registry.call('POST', path, { body: { reason: 'broken' } });
    const first = await yank();
    expect((await believe(first.json.receipt.proof)).event).toMatchObject({
      kind: 'pack.yanked',
      data: { name: 'vendor.acme.yanked', version: '1.0.0', reason: 'broken' },
    });
    expect((await yank()).json.receipt.index).toBe(first.json.receipt.index);
    const undone = await registry.call('DELETE', path);
    expect((await believe(undone.json.receipt.proof)).event['kind']).toBe('pack.unyanked');
  });
});

describe('the log', () => {
  it('grows consistently, as its tiles show', async () => {
    const before = await checkpoint();
    for (let at = 0; at < 5; at += 1) await publish(`vendor.acme.growing-${at}`);
    const after = await checkpoint();
    expect(after.size).toBeGreaterThan(before.size);
    const proof = await proveConsistency(before.size, after.size, readTile);
    const question = { oldSize: before.size, oldRoot: before.root, newSize: after.size, newRoot: after.root };
    expect(isConsistent({ ...question, proof })).toBe(true);
    expect(Buffer.from(await treeRoot(after.size, readTile)).equals(Buffer.from(after.root))).toBe(true);
  });

  it('serves the entries that its tiles hash', async () => {
    const { size } = await checkpoint();
    const answer = await registry.call('GET', `/transparency/tile/entries/000.p/${size}`, { token: null });
    const tile = await readTile({ level: 0, index: 0, width: size });
    const hashes = decodeEntries(new Uint8Array(answer.bytes), size).map(hashLeaf);
    expect(Buffer.concat(hashes).equals(Buffer.from(tile))).toBe(true);
    expect(answer.headers.get('cache-control')).toMatch(/immutable/);
  });

  it('keeps its head fresh and its tiles for ever', async () => {
    const head = await registry.call('GET', '/transparency/checkpoint', { token: null });
    expect(head.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(head.headers.get('cache-control')).toBe('public, max-age=1');
  });

  it.each([
    '/transparency/tile/0/000.p/255',
    '/transparency/tile/0/001',
    '/transparency/tile/0/0000',
    '/transparency/tile/64/000',
    '/transparency/tile/0/000.p/0',
    '/transparency/tile/entries/x999/999',
    '/transparency/tile/..%2fcheckpoint',
    '/transparency/receipts/nothing',
  ])('has nothing at %s', async (path) => {
    expect((await registry.call('GET', path, { token: null })).status).toBe(404);
  });
});

describe('a private pack', () => {
  it('is in the log as a commitment only; who may read it can check it', async () => {
    await registry.call('POST', '/access/namespaces', { body: { namespace: 'private.acme' } });
    const priv = createPublisher('private-1');
    await delegate(registry.call, priv, ['private.acme.*']);
    const name = 'private.acme.secret';
    const answer = await registry.call('PUT', addressOf(name), { body: await priv.pack({ name }) });
    expect(answer.status).toBe(201);
    const { event } = await believe(answer.json.receipt.proof);
    expect(event).toMatchObject({ kind: 'pack.published', subject: `pack:${name}@1.0.0` });
    const shown = await text(answer.json.receipt.url);
    const { size } = await checkpoint();
    const entries = await text(`/transparency/tile/entries/000.p/${size}`);
    const feed = await text('/transparency/events?limit=1024');
    for (const seen of [Buffer.from(JSON.parse(shown).proof).toString(), entries, feed])
      expect(seen).not.toMatch(/private\.acme/);
    const audit = await registry.call('GET', '/transparency/events?limit=1024');
    expect(audit.bytes.toString()).toMatch(/private\.acme\.secret/);
    expect(
      (await registry.call('GET', addressOf(name, '1.0.0', 'v1', 'proof'), { token: null })).status,
    ).toBe(404);
    const seen = await registry.call('GET', addressOf(name, '1.0.0', 'v1', 'proof'));
    expect((await believe(seen.bytes.toString())).event['subject']).toBe(`pack:${name}@1.0.0`);
  });
});

describe('the change feed', () => {
  it('gives every event once, page by page', async () => {
    const { size } = await checkpoint();
    const seen: number[] = [];
    let next = 0;
    while (next < size) {
      const page = JSON.parse(await text(`/transparency/events?since=${next}&limit=3`));
      seen.push(...page.events.map((event: { position: number }) => event.position));
      next = page.next;
    }
    expect(seen.slice(0, size)).toEqual(Array.from({ length: size }, (_, at) => at));
  });

  it('answers as soon as something comes, and not before', async () => {
    const { size } = await checkpoint();
    const waiting = text(`/transparency/events?since=${size}&wait=20`);
    const started = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await publish('vendor.acme.awaited');
    const page = JSON.parse(await waiting);
    expect(page.events[0].leaf.subject).toBe('pack:vendor.acme.awaited@1.0.0');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('lets few wait on one connection, and answers the others at once', async () => {
    const { size } = await checkpoint();
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    // Answers come in the order of the requests, so that those who may wait are asked last.
    const ask = (wait: number) =>
      socket.write(`GET /transparency/events?since=${size + 1_000}&wait=${wait} HTTP/1.1\r\nHost: x\r\n\r\n`);
    ask(1);
    ask(1);
    for (let each = 0; each < 50; each += 1) ask(30);
    await expect.poll(() => text.split('HTTP/1.1 200').length - 1, { timeout: 15_000 }).toBe(52);
    socket.destroy();
  });

  it.each(['since=-1', 'since=x', 'limit=100000', 'wait=3600'])('refuses %s', async (query) => {
    const answer = await registry.call('GET', `/transparency/events?${query}`, { token: null });
    expect(answer.status).toBe(400);
  });
});

describe('a token that may read the audit of some namespaces', () => {
  const tenants = ['private.red', 'private.blue'] as const;
  const publishers = tenants.map((_, at) => createPublisher(`tenant-${at}`));

  beforeAll(async () => {
    for (const [at, namespace] of tenants.entries()) {
      const tenant = publishers[at] ?? acme;
      await registry.call('POST', '/access/namespaces', { body: { namespace } });
      await delegate(registry.call, tenant, [`${namespace}.*`]);
      const name = `${namespace}.plans`;
      const answer = await registry.call('PUT', addressOf(name), { body: await tenant.pack({ name }) });
      expect(answer.status).toBe(201);
    }
  });

  const seenBy = async (namespaces: readonly string[]) => {
    const token = await accountWith(registry.call, 'auditor', ['audit:read'], namespaces);
    const feed = await registry.call('GET', '/transparency/events?limit=1024', { token });
    const opened = feed.json.events.flatMap((each: { event?: { subject: string } }) =>
      each.event === undefined ? [] : [each.event.subject],
    );
    return { opened, text: feed.bytes.toString() };
  };

  it('opens what was sealed of them, and not one sealed event beyond', async () => {
    const { opened, text: seen } = await seenBy(['private.red.*']);
    expect(opened).toEqual(['namespace:private.red', 'pack:private.red.plans@1.0.0']);
    expect(seen).not.toMatch(/private\.blue|tenant-1|tok_/);
  });

  it('opens one pack where it is given for that pack', async () => {
    expect((await seenBy(['private.blue.plans'])).opened).toEqual(['pack:private.blue.plans@1.0.0']);
    expect((await seenBy(['private.blue.pla'])).opened).toEqual([]);
  });

  it('verifies the chain without a word of what is in it', async () => {
    const token = await accountWith(registry.call, 'auditor', ['audit:read'], ['private.red.*']);
    const { size } = await checkpoint();
    const answer = await registry.call('GET', `/v1/audit/verify?fromSeq=1&toSeq=${size}`, { token });
    expect([answer.status, answer.json.chainValid]).toEqual([200, true]);
    expect(answer.bytes.toString()).not.toMatch(/private|subject|account|tok_/);
  });
});
