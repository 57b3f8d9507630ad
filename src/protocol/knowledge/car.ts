// The archive of one version of a base, as CAR: the same bytes wherever it is written, and believed by its name alone. Pure.
import { equalBytes, fromUtf8, utf8 } from '../../../keys/bytes.ts';
import { type Envelope, envelopeText, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type Cid, cidOf, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import type { KnowledgePath } from '../knowledge-path.ts';
import type { Block } from '../merkle-tree/growing.ts';
import { blockBytes, type Car, type CarBlock, openCar } from './car-reader.ts';
import { carFrame, carHeader } from './car-writer.ts';
import { walkContent } from './content-walk.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { decodeVersion, VERSION_PAYLOAD_TYPE, type VersionManifest, versionCid } from './version.ts';

/*
 * Roots: the version, and the text of the envelope that signs it. Blocks: the manifest, that text as a raw block, and then
 * the content in the order of `walkContent`, behind each entry its document. What occurs twice is written twice, since
 * nobody could tell at a million entries what was written before.
 */

export const CAR_TYPE = 'application/vnd.ipld.car';

const MAX_ENVELOPE_BYTES = 32 * 1024;

/** A version by the block of its manifest, and the text of the envelope that signs that. */
export interface SignedVersion {
  readonly block: Uint8Array;
  readonly envelope: string;
}

export interface ArchivedEntry {
  readonly kind: 'entry';
  readonly path: KnowledgePath;
  readonly entry: Entry;
  readonly block: Block;
  /** To be read once. */
  readonly document: AsyncIterable<Uint8Array>;
}

export type ArchivedItem = { readonly kind: 'node'; readonly block: Block } | ArchivedEntry;

async function* blockOf({ cid, bytes }: Block): AsyncGenerator<Uint8Array, void, void> {
  yield carFrame(cid, bytes.length);
  yield bytes;
}

/** Bytes that their length was written before: another number of them would shift all that follows. */
async function* ofSize(
  size: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let found = 0;
  for await (const chunk of chunks) {
    found += chunk.length;
    yield chunk;
  }
  if (found !== size) throw new ContentError('entry_form', { problems: ['size'], expected: size, found });
}

/** The archive, in many small chunks. @param items all of the content, in its order */
export async function* writeVersionCar(
  { block, envelope }: SignedVersion,
  items: AsyncIterable<ArchivedItem>,
): AsyncGenerator<Uint8Array, void, void> {
  const [version, signature] = [versionCid(block), utf8(envelope)];
  const signed = cidOf('raw', signature);
  yield carHeader([version, signed]);
  yield* blockOf({ cid: version, bytes: block });
  yield* blockOf({ cid: signed, bytes: signature });
  for await (const item of items) {
    yield* blockOf(item.block);
    if (item.kind === 'node') continue;
    yield carFrame(item.entry.blob, item.entry.size);
    yield* ofSize(item.entry.size, item.document);
  }
}

export interface VersionCar extends SignedVersion {
  readonly manifest: VersionManifest;
  /**
   * The content, every block of it the very one that has to come next. Only when it ended is the archive the version's:
   * nothing missing, nothing left over. A document that nobody reads is checked all the same.
   */
  readonly items: () => AsyncGenerator<ArchivedItem, void, void>;
  /** Lets go of the source. */
  readonly close: () => Promise<void>;
}

const expectBlock = async (car: Car, expected: Cid): Promise<CarBlock> => {
  const block = await car.next();
  if (block?.cid !== expected) throw new ContentError('car_block', { expected, found: block?.cid ?? null });
  return block;
};

const expectBytes = async (car: Car, cid: Cid): Promise<Uint8Array> =>
  blockBytes(await expectBlock(car, cid));

const requireRoots = ({ roots }: Car, pinned: Cid): Cid => {
  const [version, signature, ...others] = roots;
  if (version === pinned && signature !== undefined && codecOf(signature) === 'raw' && others.length === 0)
    return signature;
  throw new ContentError('car_form', { reason: 'roots', expected: pinned, found: roots });
};

const envelopeOf = (text: string | undefined): Envelope | undefined => {
  try {
    return parseEnvelope(text);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

/** Whether some key signed it is not asked here; that the text is the one spelling of what was signed is. */
const readEnvelope = async (car: Car, cid: Cid, block: Uint8Array): Promise<string> => {
  const { size, body } = await expectBlock(car, cid);
  const text = size > MAX_ENVELOPE_BYTES ? undefined : fromUtf8(await blockBytes({ cid, size, body }));
  const envelope = envelopeOf(text);
  const isOurs = envelope?.payloadType === VERSION_PAYLOAD_TYPE && equalBytes(envelope.payload, block);
  if (text === undefined || envelope === undefined || !isOurs || envelopeText(envelope) !== text)
    throw new ContentError('car_form', { reason: 'signature', cid });
  return text;
};

type Counted = Pick<VersionManifest, 'entries' | 'bytes'>;

const requireCounts = ({ entries, bytes }: VersionManifest, found: Counted): void => {
  if (found.entries !== entries || found.bytes !== bytes)
    throw new ContentError('version_form', {
      problems: ['entries', 'bytes'],
      expected: { entries, bytes },
      found,
    });
};

const readEntry = async (car: Car, path: KnowledgePath, cid: Cid): Promise<ArchivedEntry> => {
  const bytes = await expectBytes(car, cid);
  const entry = decodeEntry(bytes);
  const document = await expectBlock(car, entry.blob);
  if (document.size !== entry.size)
    throw new ContentError('entry_form', {
      path,
      problems: ['size'],
      expected: document.size,
      found: entry.size,
    });
  return { kind: 'entry', path, entry, block: { cid, bytes }, document: document.body };
};

async function* readContent(car: Car, manifest: VersionManifest): AsyncGenerator<ArchivedItem, void, void> {
  const found = { entries: 0, bytes: 0 };
  const get = (cid: Cid): Promise<Uint8Array> => expectBytes(car, cid);
  for await (const step of walkContent({ get }, manifest.content)) {
    const item = step.kind === 'node' ? step : await readEntry(car, step.path, step.cid);
    if (item.kind === 'entry') {
      found.entries += 1;
      found.bytes += item.entry.size;
    }
    yield item;
  }
  const surplus = await car.next();
  if (surplus !== undefined) throw new ContentError('car_block', { expected: null, found: surplus.cid });
  requireCounts(manifest, found);
}

const readVersion = async (car: Car, pinned: Cid): Promise<VersionCar> => {
  const signature = requireRoots(car, pinned);
  const block = await expectBytes(car, pinned);
  const manifest = decodeVersion(block);
  const envelope = await readEnvelope(car, signature, block);
  return { block, envelope, manifest, items: () => readContent(car, manifest), close: car.close };
};

/**
 * Opens the archive of a version that is known by its id: nothing else in it is believed. Reads manifest and signature.
 * Rejects with ContentError `car_form`, `car_block` or `version_form`; as `openCar` does. So do the items, and as
 * `walkContent` and `decodeEntry` do.
 */
export const openVersionCar = async (source: AsyncIterable<Uint8Array>, pinned: Cid): Promise<VersionCar> => {
  const car = await openCar(source);
  try {
    return await readVersion(car, pinned);
  } catch (error) {
    await car.close();
    throw error;
  }
};
