// The import of many documents as one archive, and what the process holds meanwhile.

import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId } from '../../keys/key.ts';
import { seedSigner } from '../../keys/signers/seed.ts';
import { type Cid, cidOf } from '../../src/protocol/cid.ts';
import { type ArchivedItem, CAR_TYPE, writeVersionCar } from '../../src/protocol/knowledge/car.ts';
import { walkContent } from '../../src/protocol/knowledge/content-walk.ts';
import { decodeEntry, type Entry, encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import { encodeVersion, versionCid, versionEnvelope } from '../../src/protocol/knowledge/version.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { baseNamed, type Team } from './knowledge-world.ts';
import { pathOf } from './large-base.ts';
import { residentMiB } from './log.ts';
import { type Comparison, compare } from './rounds.ts';
import type { Bench } from './service.ts';

export const IMPORTED = baseNamed('imported');

const textOf = (number: number): Buffer =>
  Buffer.from(`Document ${number}: ${'what everybody knows. '.repeat(20)}`);
const entryOf = (number: number): Entry => {
  const text = textOf(number);
  return { blob: cidOf('raw', text), size: text.length, mediaType: 'text/plain', meta: {} };
};

/** Blocks of the tree and of entries; the documents are made when they are asked for. */
const makeContent = (count: number) => {
  const blocks = new Map<Cid, Uint8Array>();
  const entries = Array.from({ length: count }, (_, at) => {
    const entry = entryOf(at);
    blocks.set(entryCid(entry), encodeEntry(entry));
    return { path: pathOf(at), value: entryCid(entry) };
  });
  const building = buildTree(KNOWLEDGE_TREE, entries);
  for (let step = building.next(); ; step = building.next()) {
    if (step.done) return { blocks, root: step.value };
    blocks.set(step.value.cid, step.value.bytes);
  }
};

async function* itemsOf(blocks: ReadonlyMap<Cid, Uint8Array>, root: Cid): AsyncGenerator<ArchivedItem> {
  for await (const step of walkContent({ get: async (cid) => blocks.get(cid) }, root)) {
    if (step.kind === 'node') {
      yield step;
      continue;
    }
    const bytes = blocks.get(step.cid) as Uint8Array;
    const number = Number(/[0-9]+/.exec(step.path)?.[0]);
    const document = Readable.from([textOf(number)]);
    yield {
      kind: 'entry',
      path: step.path,
      entry: decodeEntry(bytes),
      block: { cid: step.cid, bytes },
      document,
    };
  }
}

const post = (url: string, token: string, body: AsyncIterable<Uint8Array>): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': CAR_TYPE };
    const sent = request(url, { method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', reject);
    pipeline(Readable.from(body), sent).catch(reject);
  });

/** The operator lists the key, so that it is believed here. */
const makeSigner = async ({ served }: Team) => {
  const signer = seedSigner(parseKeyId('bench-archive'), randomBytes(32));
  const publicKey = Buffer.from(signer.publicKey).toString('base64');
  const body = { keyId: signer.keyId, publicKey, namespaces: ['kb:acme.example:*'] };
  const answer = await served.call('POST', '/access/keys', { body });
  if (answer.status > 202) throw new Error(answer.bytes.toString());
  return signer;
};

export async function* benchImport(bench: Bench, team: Team): AsyncGenerator<Comparison> {
  const count = bench.milliseconds < 1_000 ? 5_000 : 100_000;
  const { blocks, root } = makeContent(count);
  const bytes = Array.from({ length: count }, (_, at) => textOf(at).length).reduce(
    (sum, each) => sum + each,
    0,
  );
  const manifest = encodeVersion({
    v: 1,
    kb: IMPORTED,
    seq: 1,
    parent: null,
    content: root,
    profile: KNOWLEDGE_TREE.name,
    entries: count,
    bytes,
    policyVersion: 1,
    contribution: `contribution:${IMPORTED.slice(3)}:${'0'.repeat(26)}` as never,
    proposer: 'human:acme.example:author' as never,
    createdAt: new Date().toISOString(),
  });
  const envelope = envelopeText(await signEnvelope(versionEnvelope(manifest), [await makeSigner(team)]));
  const car = writeVersionCar({ block: manifest, envelope }, itemsOf(blocks, root));
  const held: number[] = [];
  const timer = setInterval(() => void residentMiB(bench.service.pid).then((each) => held.push(each)), 100);
  const started = performance.now();
  const path = `/knowledge/v1/bases/${IMPORTED}/import?version=${versionCid(manifest)}`;
  const status = await post(bench.service.url + path, team.steward.token, car);
  clearInterval(timer);
  if (status > 202) throw new Error(`the import was answered ${status}`);
  const rate = count / ((performance.now() - started) / 1_000);
  const standing = (name: string, each: number) => ({ name, median: each, lowest: each, highest: each });
  const tenth = Math.ceil(held.length / 10);
  const [early, late] = [Math.max(...held.slice(0, tenth)), Math.max(...held.slice(-tenth))];
  yield compare(
    `import of ${count} documents at ${Math.round(rate)}/s: memory while it lasts`,
    standing('first tenth, MiB', early),
    standing('last tenth, MiB', late),
    0.6,
  );
}
