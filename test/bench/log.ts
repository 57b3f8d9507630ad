// The log: what a proof costs in bytes and time as the log grows, and how fast and flat a long backlog is sealed.
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { publicKeyFromBytes, spkiOf, vkeyOf } from '../../keys/key.ts';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { checkpointText, openCheckpoint } from '../../src/protocol/checkpoint.ts';
import { openEvent, recordEvent } from '../../src/protocol/event.ts';
import { appendLeaves, EMPTY_EDGE, edgeRoot, partialTiles } from '../../src/protocol/growing-tree.ts';
import { hashLeaf, rootFromInclusion } from '../../src/protocol/merkle.ts';
import { formatNote, signNoteLine } from '../../src/protocol/signed-note.ts';
import { proveInclusion, type Tile, tilePath } from '../../src/protocol/tiles.ts';
import { formatTlogProof, parseTlogProof } from '../../src/protocol/tlog-proof.ts';
import { type Comparison, compare, inTurns } from './rounds.ts';
import type { Bench } from './service.ts';

const ORIGIN = 'bench.test/log';
const seed = randomBytes(32);
const vkey = vkeyOf(ORIGIN, publicKeyFromBytes(publicKeyOf(seed)));
const signNote = async (message: Uint8Array) => sign(message, seed);

const eventOf = (index: number): Uint8Array => {
  const facts = {
    kind: 'pack.published',
    actor: 'account:bench',
    subject: `pack:vendor.bench.p${index}@1.0.0`,
    data: { name: `vendor.bench.p${index}`, version: '1.0.0', sha256: 'a'.repeat(64), size: 8_192 },
  } as const;
  return recordEvent(`event-${index}`, new Date(0), new Uint8Array(32), facts).leaf;
};

interface MadeLog {
  readonly size: number;
  readonly proofOf: (index: number) => Promise<string>;
}

const makeLog = async (size: number): Promise<MadeLog> => {
  const tiles = new Map<string, Uint8Array>();
  let edge = EMPTY_EDGE;
  for (let start = 0; start < size; start += 4_096) {
    const count = Math.min(4_096, size - start);
    const hashes = Array.from({ length: count }, (_, at) => hashLeaf(eventOf(start + at)));
    const grown = appendLeaves(edge, hashes);
    for (const { tile, bytes } of grown.completed) tiles.set(tilePath(tile), bytes);
    edge = grown.edge;
  }
  for (const { tile, bytes } of partialTiles(edge)) tiles.set(tilePath(tile), bytes);
  const text = checkpointText({ origin: ORIGIN, size, root: edgeRoot(edge) });
  const checkpoint = formatNote(text, [await signNoteLine(text, vkey, signNote)]);
  const readTile = async (tile: Tile) => tiles.get(tilePath(tile)) ?? new Uint8Array();
  return {
    size,
    proofOf: async (index) =>
      formatTlogProof({
        extra: eventOf(index),
        index,
        path: await proveInclusion(index, size, readTile),
        checkpoint,
      }),
  };
};

const MESSAGE = randomBytes(2_048);
const PACKS = 200;

/** What a client does for each of many packs it holds: the checkpoint once, then each proof and each signature. */
const verifyAll = (
  proofs: readonly string[],
  key: ReturnType<typeof createPublicKey>,
  signature: Uint8Array,
) => {
  let believed: { readonly note: string; readonly size: number; readonly root: Uint8Array } | undefined;
  for (const text of proofs) {
    const proof = parseTlogProof(text);
    if (believed?.note !== proof.checkpoint) believed = openCheckpoint(proof.checkpoint, vkey);
    const { leaf } = openEvent(proof.extra ?? new Uint8Array());
    const root = rootFromInclusion({ ...proof, size: believed.size, leafHash: hashLeaf(leaf) });
    if (root === undefined || Buffer.compare(root, believed.root) !== 0) throw new Error('not included');
    if (!verify(null, MESSAGE, key, signature)) throw new Error('not signed');
  }
};

const perSecond = (milliseconds: number, work: () => void) => async () => {
  let done = 0;
  const started = performance.now();
  for (; performance.now() - started < milliseconds; done += PACKS) work();
  return done / ((performance.now() - started) / 1_000);
};

const SIZES = [1_000, 100_000, 1_000_000];

async function* benchProofs({ rounds, milliseconds }: Bench): AsyncGenerator<Comparison> {
  const key = createPublicKey({
    key: Buffer.from(spkiOf(publicKeyOf(seed))),
    format: 'der',
    type: 'spki',
  });
  const signature = sign(MESSAGE, seed);
  for (const size of SIZES) {
    const log = await makeLog(size);
    const proofs = await Promise.all(
      Array.from({ length: PACKS }, (_, at) => log.proofOf(Math.floor((at * size) / PACKS))),
    );
    const bytes = Math.round(proofs.reduce((sum, proof) => sum + proof.length, 0) / proofs.length);
    const [ours, native] = await inTurns(
      [
        {
          name: 'proof and signature',
          run: perSecond(milliseconds, () => verifyAll(proofs, key, signature)),
        },
        {
          name: 'bare native signature',
          run: perSecond(milliseconds, () => {
            for (let each = 0; each < PACKS; each += 1) verify(null, MESSAGE, key, signature);
          }),
        },
      ],
      rounds,
    );
    yield compare(
      `${PACKS} packs verified cold in a log of ${size} (a proof has ${bytes} bytes)`,
      ours,
      native,
      1 / 1.5,
    );
  }
}

export const residentMiB = async (pid: number): Promise<number> => {
  const { readFile } = await import('node:fs/promises');
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1_024);
};

/** A backlog as it stands after a long time without a sealer, and what the sealing process holds meanwhile. */
async function* benchBacklog(bench: Bench): AsyncGenerator<Comparison> {
  const count = bench.milliseconds < 1_000 ? 20_000 : 1_000_000;
  const sql = connect({ url: bench.databaseUrl, max: 2 });
  const sizeNow = async () => (await sql<{ size: number }[]>`select size from log_head`)[0]?.size ?? 0;
  const before = await sizeNow();
  const startedInsert = performance.now();
  await sql.unsafe(`set statement_timeout = 0; insert into events (id, kind, subject, at, leaf)
    select 'backlog-' || n, 'namespace.claimed', 'namespace:vendor.bench', now(),
      convert_to('{"actor":"registry","at":"2026-01-01T00:00:00.000Z","data":{"number":' || n || '}}', 'UTF8')
    from generate_series(1, ${count}) as n`);
  const inserted = count / ((performance.now() - startedInsert) / 1_000);
  await sql.notify('attestry_events', 'bench');
  const started = performance.now();
  const held: number[] = [];
  for (let size = 0; size < before + count; size = await sizeNow()) {
    held.push(await residentMiB(bench.service.pid));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const sealed = count / ((performance.now() - started) / 1_000);
  await closeConnection(sql);
  const standing = (name: string, rate: number) => ({ name, median: rate, lowest: rate, highest: rate });
  const early = Math.max(...held.slice(0, Math.ceil(held.length / 10)));
  const late = Math.max(...held.slice(-Math.ceil(held.length / 10)));
  yield compare(
    `sealing a backlog of ${count} events (the process held ${early} MiB in the first tenth, ${late} MiB in the last)`,
    standing('sealed', sealed),
    standing('inserted by one statement', inserted),
  );
  // Flat: what it held at the beginning beside what it held at the end.
  yield compare(
    'memory while sealing it',
    standing('first tenth, MiB', early),
    standing('last tenth, MiB', late),
    0.6,
  );
}

export async function* benchLog(bench: Bench): AsyncGenerator<Comparison> {
  yield* benchProofs(bench);
  yield* benchBacklog(bench);
}
