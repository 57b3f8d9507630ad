// Archives that are not what was asked for, and senders who may not: nothing of them is ever seen.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { envelopeText, signEnvelope } from '../../../keys/envelope.ts';
import { parseKeyId } from '../../../keys/key.ts';
import type { Signer } from '../../../keys/signer.ts';
import { seedSigner } from '../../../keys/signers/seed.ts';
import type { VersionRecord } from '../../../src/knowledge/versions/version.ts';
import { type Cid, cidBytes, cidOf } from '../../../src/protocol/cid.ts';
import { carFrame } from '../../../src/protocol/knowledge/car-writer.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import {
  decodeVersion,
  encodeVersion,
  type VersionManifest,
  versionCid,
  versionEnvelope,
} from '../../../src/protocol/knowledge/version.ts';
import { digestOf } from '../../../storage/digest.ts';
import { blobKey } from '../../../storage/object-keys.ts';
import { naiveCar, parseNaively, type Section, sectionOf } from '../../protocol/car-world.ts';
import { type Node, startNode, startPair, type Visible } from '../world/archive-world.ts';
import type { Content } from '../world/written-base.ts';

const documents: Record<string, Content> = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [
    `chapter-${at % 5}/page-${at}.md`,
    `page ${at}: ${'text '.repeat(at % 9)}`,
  ]),
);

let pair: Awaited<ReturnType<typeof startPair>>;
let [from, to] = [] as unknown as [Node, Node];
let version: VersionRecord;
let car: Buffer;
let before: Visible;
beforeAll(async () => {
  pair = await startPair({ entries: documents });
  [from, to] = [pair.from, pair.to];
  version = from.versions[0] as VersionRecord;
  car = (await from.export('car')).bytes;
  before = await to.visible();
});
afterAll(() => pair.stop());
afterEach(async () => {
  expect(await to.visible()).toEqual(before);
  expect(await to.staged()).toEqual([]);
});

const rootsOf = (cid: Cid, signature: string) => [
  cidBytes(cid),
  cidBytes(cidOf('raw', Buffer.from(signature))),
];
const carOf = (sections: readonly Section[]) => naiveCar(rootsOf(version.id, version.signature), sections);
const sections = () => parseNaively(car).sections;

const refused = async (body: Uint8Array, cid = version.id) => {
  const { status, json } = await to.import(cid, body);
  return [status, json.error, json.details.problem];
};

/** The archive with another manifest, signed as told; the content stays. */
const forged = async (
  changes: Partial<VersionManifest>,
  signer: Signer,
): Promise<{ cid: Cid; body: Buffer }> => {
  const manifest = encodeVersion({ ...decodeVersion(version.manifest), ...changes });
  const signature = envelopeText(await signEnvelope(versionEnvelope(manifest), [signer]));
  const cid = versionCid(manifest);
  const head = [sectionOf('dag-cbor', manifest), sectionOf('raw', Buffer.from(signature))];
  return { cid, body: naiveCar(rootsOf(cid, signature), [...head, ...sections().slice(2)]) };
};

describe('a damaged archive', () => {
  it('with a byte flipped in the last document is refused', async () => {
    const damaged = Buffer.from(car);
    damaged[car.length - 1] = (damaged[car.length - 1] ?? 0) ^ 1;
    expect(await refused(damaged)).toEqual([422, 'archive_invalid', 'block_mismatch']);
  });

  it('with two documents in each other’s place is refused', async () => {
    const all = sections();
    const [left, right] = [...all.keys()].filter((at) => at > 1 && all[at]?.cid[1] === 0x55) as [
      number,
      number,
    ];
    const swapped = all.map((each, at) => all[at === left ? right : at === right ? left : at] ?? each);
    expect(await refused(carOf(swapped))).toEqual([422, 'archive_invalid', 'car_block']);
  });

  it.each([0, 1, 2, 3, 4, 60, -2, -1])('without its block %i is refused', async (at) => {
    const all = sections();
    expect(await refused(carOf(all.toSpliced(at, 1)))).toEqual([422, 'archive_invalid', 'car_block']);
  });

  it('with a block more at its end is refused', async () => {
    expect(await refused(carOf([...sections(), sectionOf('raw', Buffer.from('more'))]))).toEqual([
      422,
      'archive_invalid',
      'car_block',
    ]);
  });

  it('that is cut off is refused, wherever', async () => {
    for (let end = 0; end < car.length; end += 97 * 13)
      expect((await refused(car.subarray(0, end))).slice(0, 2), `${end}`).toEqual([422, 'archive_invalid']);
  });

  it('that goes on without end is refused soon, however much is sent', async () => {
    const { hostname, port } = new URL(to.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    let [text, sent, open] = ['', 0, true];
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open = false;
    });
    socket.write(
      `POST ${to.at('/import')}?version=${version.id} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n` +
        `Content-Type: application/vnd.ipld.car\r\nAuthorization: Bearer ${to.operator.token}\r\n\r\n`,
    );
    const chunked = (bytes: Buffer) =>
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    socket.write(chunked(car));
    const more = Buffer.alloc(64 * 1024, 1);
    const block = chunked(Buffer.concat([carFrame(cidOf('raw', more), more.length), more]));
    while (open && sent < 64 * 1024 * 1024) {
      sent += block.length;
      socket.write(block);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(text).toMatch(/^HTTP\/1\.1 422 /);
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  it.each<[string, Buffer, string]>([
    ['whose header has a length of ten bytes', Buffer.from('80808080808080808001', 'hex'), 'car_form'],
    ['that is empty', Buffer.alloc(0), 'car_form'],
    ['that is no archive', Buffer.from('PK\u0003\u0004 not at all a CAR'), 'car_form'],
  ])('%s is refused', async (_name, body, problem) => {
    expect(await refused(body)).toEqual([422, 'archive_invalid', problem]);
  });
});

describe('an archive of something else', () => {
  it('than the version that was asked for is refused', async () => {
    const other = await from.addVersion({ 'more.md': 'more' });
    expect(await refused((await from.export('car', other.id)).bytes)).toEqual([
      422,
      'archive_invalid',
      'car_form',
    ]);
  });

  it('than this base is refused, whoever signed it', async () => {
    const { cid, body } = await forged({ kb: 'kb:acme.example:claims:other' as BaseId }, from.signer);
    expect(await refused(body, cid)).toEqual([422, 'archive_invalid', 'other_base']);
  });

  it('than was signed by a key that is believed is refused', async () => {
    const stranger = seedSigner(parseKeyId('kb-acme-1'), new Uint8Array(32).fill(9));
    const { cid, body } = await forged({ seq: 7 }, stranger);
    const { status, json } = await to.import(cid, body);
    expect([status, json.error]).toEqual([400, 'signature_invalid']);
  });

  it.each<[string, Partial<VersionManifest>]>([
    ['entries', { entries: 61 }],
    ['bytes', { bytes: 1 }],
  ])('than it says of its %s is refused, however well it is signed', async (_name, changes) => {
    const { cid, body } = await forged(changes, from.signer);
    expect(await refused(body, cid)).toEqual([422, 'archive_invalid', 'version_form']);
  });

  it('whose paths differ only in case is refused, with the paths', async () => {
    const clash = await from.addBase('kb:acme.example:claims:clash', {
      'a/Page.md': '1',
      'A/page.md': '2',
      'b.md': '3',
    });
    const made = clash.versions[0] as VersionRecord;
    const exported = await from.addActor('human:acme.example:clash-reader', { bases: [clash.id] });
    const bytes = (
      await from.call('GET', from.at('/versions/current/export/car', clash.id), { as: exported })
    ).bytes;
    await to.addBase(clash.id);
    const operator = await to.addActor('human:acme.example:clash-operator', {
      bases: [clash.id],
      operations: ['administer'],
      verbs: ['administer'],
      capacities: ['architect'],
    });
    const { status, json } = await to.import(made.id, bytes, { as: operator, base: clash.id });
    expect([status, json.error, json.details]).toMatchObject([
      422,
      'archive_invalid',
      { problem: 'path_clash', clashes: [['A/page.md', 'a/Page.md']] },
    ]);
  });

  it('that holds what was erased from this base is refused, with the paths, and brings none of it back', async () => {
    const digest = digestOf(Buffer.from('page 0: '));
    const erase = () => to.sql`
      insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
      values (${to.id}, decode(${digest}, 'hex'), 'x', 'law', 'wish', now(), 'erasure')`;
    await to.blobs.delete(blobKey(digest));
    await erase();
    const { status, json } = await to.import(version.id, car);
    expect([status, json.error, json.details.paths]).toEqual([
      410,
      'content_erased',
      ['chapter-0/page-0.md'],
    ]);
    expect(await to.blobs.head(blobKey(digest))).toBeUndefined();
    await to.sql`delete from knowledge_erasures`;
  });

  it('that holds what was erased while it came in is refused, with the paths', async () => {
    const late = await startPair(
      { entries: { 'kept.md': 'kept', 'gone.md': 'gone' } },
      {
        importing: (deps) => ({
          ...deps,
          record: async (attempt, work) => {
            await late.to.sql`
              insert into knowledge_erasures (base, blob, actor, authority, reason_code, at, event_id)
              values (${late.to.id}, sha256('gone'), 'x', 'law', 'wish', now(), 'erasure')`;
            return deps.record(attempt, work);
          },
        }),
      },
    );
    const bytes = (await late.from.export('car')).bytes;
    const { status, json } = await late.to.import(late.from.versions[0]?.id ?? '', bytes);
    expect([status, json.error, json.details.paths]).toEqual([410, 'content_erased', ['gone.md']]);
    expect(await late.to.visible()).toMatchObject({ versions: 0, entries: 0, imports: 0, current: null });
    await late.stop();
  });
});

describe('a request that cannot be', () => {
  it.each<[string, string, string, number, string]>([
    ['no version', '', 'application/vnd.ipld.car', 400, 'validation_error'],
    ['a word for a version', 'current', 'application/vnd.ipld.car', 400, 'validation_error'],
    [
      'a document for a version',
      cidOf('raw', Buffer.from('x')),
      'application/vnd.ipld.car',
      400,
      'validation_error',
    ],
    ['another content type', 'pinned', 'application/octet-stream', 415, 'unsupported_media_type'],
  ])('(%s) is refused', async (_name, pinned, type, status, error) => {
    const answer = await to.import(pinned === 'pinned' ? version.id : pinned, car, { type });
    expect([answer.status, answer.json.error]).toEqual([status, error]);
  });
});

describe('whoever may not import', () => {
  const administer = { operations: ['administer'], verbs: ['administer'] } as const;

  it.each<[string, string, object, string]>([
    ['may only read', 'human:acme.example:reading', { capacities: ['operator'] }, 'authority_denied'],
    ['is no human', 'worker:acme.example:claims:importer', administer, 'human_binding_missing'],
    [
      'is bound as a reviewer',
      'human:acme.example:reviewing',
      { ...administer, capacities: ['reviewer'] },
      'human_binding_missing',
    ],
  ])('because he %s is refused', async (_name, id, options, error) => {
    const actor = await to.addActor(id, options);
    const answer = await to.import(version.id, car, { as: actor });
    expect([answer.status, answer.json.error]).toEqual([403, error]);
  });

  it('because his token may only read, or is none, is refused', async () => {
    const reading = await to.addActor('human:acme.example:limited', {
      ...administer,
      capacities: ['operator'],
      scopes: ['knowledge:read'],
    });
    expect((await to.import(version.id, car, { as: reading })).status).toBe(403);
    expect((await to.import(version.id, car, { as: null })).status).toBe(401);
  });

  it('because his binding ended while the archive came in is refused', async () => {
    const late = await to.addActor('human:acme.example:late', { ...administer, capacities: ['operator'] });
    const half = car.length >> 1;
    async function* slowly() {
      yield car.subarray(0, half);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await to.sql`update human_bindings set revoked_at = now() where human = ${late.id}`;
      yield car.subarray(half);
    }
    const reply = await fetch(`${to.url}${to.at('/import')}?version=${version.id}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${late.token}`, 'Content-Type': 'application/vnd.ipld.car' },
      body: ReadableStream.from(slowly()) as never,
      duplex: 'half',
    } as RequestInit);
    expect([reply.status, ((await reply.json()) as { error: string }).error]).toEqual([
      403,
      'human_binding_missing',
    ]);
  });

  it('because he stopped sending is refused after a moment', async () => {
    const trusted = () => ({ keyId: from.signer.keyId, publicKey: from.signer.publicKey });
    const impatient = await startNode({ graceMs: 500, trusted });
    async function* stopping() {
      yield car.subarray(0, car.length >> 1);
      await new Promise((resolve) => setTimeout(resolve, 20_000).unref());
    }
    const reply = await fetch(`${impatient.url}${impatient.at('/import')}?version=${version.id}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${impatient.operator.token}`,
        'Content-Type': 'application/vnd.ipld.car',
      },
      body: ReadableStream.from(stopping()) as never,
      duplex: 'half',
    } as RequestInit);
    const { error } = (await reply.json()) as { error: string };
    expect([reply.status, error]).toEqual([400, 'invalid_body']);
    expect(await impatient.visible()).toEqual(before);
    await impatient.stop();
  });
});

describe('a base that is not as it has to be', () => {
  it.each([
    ['paused', 'knowledge_base_paused'],
    ['held', 'knowledge_base_held'],
  ])('(%s) is refused', async (state, error) => {
    await to.sql`update knowledge_bases set ${to.sql(state)} = true where id = ${to.id}`;
    const answer = await to.import(version.id, car);
    await to.sql`update knowledge_bases set ${to.sql(state)} = false where id = ${to.id}`;
    expect([answer.status, answer.json.error]).toEqual([409, error]);
  });

  it('(of another workforce, or none at all) looks like none', async () => {
    const answers = await Promise.all(
      ['kb:acme.example:other:handbook', 'kb:acme.example:claims:absent'].map((base) =>
        to.import(version.id, car, { base: base as BaseId }),
      ),
    );
    for (const { status, json } of answers)
      expect([status, json.error]).toEqual([404, 'knowledge_base_not_found']);
  });

  it('(with versions) keeps them', async () => {
    const answer = await from.import(version.id, car);
    expect([answer.status, answer.json.error]).toEqual([409, 'already_exists']);
    expect((await from.visible()).imports).toBe(0);
  });
});
