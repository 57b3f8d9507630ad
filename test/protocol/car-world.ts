// Archives for tests: a version made in memory, and CAR as another, tiny implementation reads and writes it.
import { createHash } from 'node:crypto';
import { envelopeText } from '../../keys/envelope.ts';
import { type Cid, cidBytes, cidOf } from '../../src/protocol/cid.ts';
import { ContentError } from '../../src/protocol/content-errors.ts';
import type { ArchivedItem, SignedVersion } from '../../src/protocol/knowledge/car.ts';
import { walkContent } from '../../src/protocol/knowledge/content-walk.ts';
import { type Entry, encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import type { BaseId, ContributionId, PrincipalId } from '../../src/protocol/knowledge/ids.ts';
import {
  encodeVersion,
  type VersionManifest,
  versionCid,
  versionEnvelope,
} from '../../src/protocol/knowledge/version.ts';
import { compareAsBytes, type KnowledgePath } from '../../src/protocol/knowledge-path.ts';
import type { Block } from '../../src/protocol/merkle-tree/growing.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';

/** One section as it stands in an archive. */
export interface Section {
  readonly cid: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Big integers, so that no length is too long for it. */
export const naiveVarint = (value: number | bigint): Buffer => {
  const bytes: number[] = [];
  let left = BigInt(value);
  do {
    bytes.push(Number(left % 128n) + (left >= 128n ? 128 : 0));
    left /= 128n;
  } while (left > 0n);
  return Buffer.from(bytes);
};

/** The dag-cbor of `{roots, version: 1}`, byte by byte (RFC 8949; links are tag 42 over a zero and the id). */
const naiveHeader = (roots: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    Buffer.from([0xa2, 0x65]),
    Buffer.from('roots'),
    Buffer.from([0x80 + roots.length]),
    ...roots.flatMap((cid) => [Buffer.from([0xd8, 0x2a, 0x58, cid.length + 1, 0x00]), cid]),
    Buffer.from([0x67]),
    Buffer.from('version'),
    Buffer.from([0x01]),
  ]);

const framed = (...parts: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([naiveVarint(bytes.length), bytes]);
};

export const naiveCar = (roots: readonly Uint8Array[], sections: readonly Section[]): Buffer =>
  Buffer.concat([framed(naiveHeader(roots)), ...sections.map(({ cid, bytes }) => framed(cid, bytes))]);

const readNaiveVarint = (bytes: Buffer, at: number): [number, number] => {
  let [value, shift, next] = [0n, 0n, at];
  for (;;) {
    const byte = BigInt(bytes[next] ?? 0);
    value += (byte % 128n) << shift;
    shift += 7n;
    next += 1;
    if (byte < 128n) return [Number(value), next];
  }
};

/** Believes everything but the digests. */
export const parseNaively = (car: Buffer): { readonly header: Buffer; readonly sections: Section[] } => {
  const [length, from] = readNaiveVarint(car, 0);
  const header = car.subarray(from, from + length);
  const sections: Section[] = [];
  for (let at = from + length; at < car.length; ) {
    const [size, start] = readNaiveVarint(car, at);
    const [cid, bytes] = [car.subarray(start, start + 36), car.subarray(start + 36, start + size)];
    if (!createHash('sha256').update(bytes).digest().equals(cid.subarray(4)))
      throw new Error('not the block');
    sections.push({ cid, bytes });
    at = start + size;
  }
  return { header, sections };
};

export const sectionOf = (codec: 'raw' | 'dag-cbor', bytes: Uint8Array): Section => ({
  cid: cidBytes(cidOf(codec, bytes)),
  bytes,
});

/** Bytes from a source that cuts them as it likes. */
export async function* inChunks(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const collected = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(new Uint8Array(chunk));
  return Buffer.concat(all);
};

export interface MadeVersion extends SignedVersion {
  readonly cid: Cid;
  readonly manifest: VersionManifest;
  readonly documents: ReadonlyMap<string, Uint8Array>;
  readonly items: () => AsyncGenerator<ArchivedItem>;
}

const BASE = 'kb:acme.example:claims:handbook' as BaseId;

/** Signed by nobody: whose signature is to be believed is asked elsewhere. */
const unsigned = (block: Uint8Array): string =>
  envelopeText({ ...versionEnvelope(block), signatures: [{ keyid: 'none', sig: new Uint8Array(64) }] });

export const makeVersion = (
  documents: ReadonlyMap<string, Uint8Array>,
  changes: Partial<VersionManifest> = {},
): MadeVersion => {
  const entries = new Map<Cid, { entry: Entry; bytes: Uint8Array }>();
  const paths = [...documents.keys()].sort(compareAsBytes) as KnowledgePath[];
  const leaves = paths.map((path) => {
    const bytes = documents.get(path) ?? new Uint8Array();
    const entry = { blob: cidOf('raw', bytes), size: bytes.length, mediaType: 'text/plain', meta: {} };
    entries.set(entryCid(entry), { entry, bytes });
    return { path, value: entryCid(entry) };
  });
  const nodes = new Map<Cid, Uint8Array>();
  const tree = buildTree(KNOWLEDGE_TREE, leaves);
  let step = tree.next();
  for (; !step.done; step = tree.next()) nodes.set(step.value.cid, step.value.bytes);
  const manifest: VersionManifest = {
    v: 1,
    kb: BASE,
    seq: 1,
    parent: null,
    content: step.value,
    profile: KNOWLEDGE_TREE.name,
    entries: paths.length,
    bytes: [...documents.values()].reduce((sum, { length }) => sum + length, 0),
    policyVersion: 1,
    contribution: 'contribution:acme.example:claims:handbook:01jzzzzzzzzzzzzzzzzzzzzzzz' as ContributionId,
    proposer: 'human:acme.example:author' as PrincipalId,
    createdAt: '2026-06-01T08:00:00.000Z',
    ...changes,
  };
  const block = encodeVersion(manifest);
  async function* items(): AsyncGenerator<ArchivedItem> {
    for await (const step of walkContent({ get: async (cid) => nodes.get(cid) }, manifest.content)) {
      if (step.kind === 'node') yield step;
      else yield itemOf(step.path, step.cid);
    }
  }
  const itemOf = (path: KnowledgePath, cid: Cid): ArchivedItem => {
    const found = entries.get(cid);
    if (found === undefined) throw new Error('no such entry');
    const block: Block = { cid, bytes: encodeEntry(found.entry) };
    return { kind: 'entry', path, entry: found.entry, block, document: inChunks(found.bytes, 64 * 1024) };
  };
  return { cid: versionCid(block), block, envelope: unsigned(block), manifest, documents, items };
};

/** Documents at paths of several layers, each unlike the others. */
export const someDocuments = (count: number): ReadonlyMap<string, Uint8Array> =>
  new Map(
    Array.from({ length: count }, (_, at) => {
      const path = `chapter-${at % 7}/page-${at}.md`;
      return [path, Buffer.from(`# ${path}\n${'word '.repeat(at % 11)}`)] as const;
    }),
  );

/** The code under which something is refused; undefined where it is not. */
export const refusal = async (act: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof ContentError) return error.code;
    throw error;
  }
};
