// Versions of bases as CAR archives: one spelling, read in a stream, and nothing believed but the id that was asked for.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCbor, linkTo } from '../../src/protocol/cbor.ts';
import { type Cid, cidBytes, cidOf } from '../../src/protocol/cid.ts';
import { openVersionCar, writeVersionCar } from '../../src/protocol/knowledge/car.ts';
import { blockBytes, openCar } from '../../src/protocol/knowledge/car-reader.ts';
import { carFrame, carHeader, writeVarint } from '../../src/protocol/knowledge/car-writer.ts';
import { MAX_DOCUMENT_BYTES } from '../../src/protocol/knowledge/entry.ts';
import {
  collected,
  inChunks,
  type MadeVersion,
  makeVersion,
  naiveCar,
  naiveVarint,
  parseNaively,
  refusal,
  type Section,
  sectionOf,
  someDocuments,
} from './car-world.ts';

const vectors = JSON.parse(readFileSync(new URL('../vectors/car.json', import.meta.url), 'utf8'));
const bytesOf = (hex: string) => Buffer.from(hex, 'hex');

/** All blocks of an archive, each read to its end. */
const readAll = async (car: Uint8Array, chunk?: number): Promise<[Cid, Uint8Array][]> => {
  const opened = await openCar(inChunks(car, chunk));
  const blocks: [Cid, Uint8Array][] = [];
  for (let block = await opened.next(); block !== undefined; block = await opened.next())
    blocks.push([block.cid, await blockBytes(block)]);
  return blocks;
};

const written = (made: MadeVersion): Promise<Buffer> => collected(writeVersionCar(made, made.items()));

/** What an archive holds, once all of it was believed. */
const readVersion = async (car: Uint8Array, pinned: Cid, chunk?: number): Promise<Map<string, Buffer>> => {
  const found = new Map<string, Buffer>();
  for await (const item of (await openVersionCar(inChunks(car, chunk), pinned)).items())
    if (item.kind === 'entry') found.set(item.path, await collected(item.document));
  return found;
};

describe('the framing of an archive', () => {
  it.each<{ value: number; hex: string }>(vectors.varints)('writes $value as $hex', ({ value, hex }) => {
    expect(Buffer.from(writeVarint(value)).toString('hex')).toBe(hex);
  });

  it('writes every length as a tiny implementation with big integers does', () => {
    const lengths = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(lengths, (value) => naiveVarint(value).equals(writeVarint(value))),
      {
        seed: 20_260_601,
      },
    );
  });

  it('begins with the public header over two public ids, and reads them there', async () => {
    expect(Buffer.from(carHeader(vectors.roots)).toString('hex')).toBe(vectors.header);
    expect((await openCar(inChunks(bytesOf(vectors.header)))).roots).toEqual(vectors.roots);
  });

  it('puts length and id before a block', async () => {
    for (const { text, cid, hex } of vectors.blocks) {
      expect(cidOf('raw', Buffer.from(text))).toBe(cid);
      expect(Buffer.concat([carFrame(cid, text.length), Buffer.from(text)]).toString('hex')).toBe(hex);
      const [only] = await readAll(bytesOf(vectors.header + hex));
      expect([only?.[0], Buffer.from(only?.[1] ?? []).toString()]).toEqual([cid, text]);
    }
  });

  it('is read alike however the source cuts it, empty blocks included', async () => {
    const sections = ['', 'a', 'b'.repeat(300), 'c'.repeat(20_000)].map((text) =>
      sectionOf('raw', Buffer.from(text)),
    );
    const car = naiveCar([sections[0]?.cid ?? Buffer.alloc(36)], sections);
    for (const chunk of [1, 2, 37, 4_096, car.length]) {
      const blocks = await readAll(car, chunk);
      expect(blocks.map(([, bytes]) => bytes.length)).toEqual([0, 1, 300, 20_000]);
      expect(blocks.map(([cid]) => Buffer.from(cidBytes(cid)))).toEqual(
        sections.map(({ cid }) => cid).map((cid) => Buffer.from(cid)),
      );
    }
  });

  it('checks a block that nobody read before it goes on', async () => {
    const [first, second] = [sectionOf('raw', Buffer.from('first')), sectionOf('raw', Buffer.from('second'))];
    const skipped = await openCar(inChunks(naiveCar([first.cid], [first, second])));
    await skipped.next();
    expect((await skipped.next())?.size).toBe(6);
    const damaged = { ...first, bytes: Buffer.from('fIrst') };
    const car = await openCar(inChunks(naiveCar([first.cid], [damaged, second])));
    await car.next();
    expect(await refusal(() => car.next())).toBe('block_mismatch');
  });

  it('never hands over the whole of a wrong block', async () => {
    const real = sectionOf('raw', Buffer.alloc(10_000, 1));
    const car = await openCar(inChunks(naiveCar([real.cid], [{ ...real, bytes: Buffer.alloc(10_000, 2) }])));
    const block = await car.next();
    let seen = 0;
    const reading = async () => {
      for await (const chunk of block?.body ?? []) seen += chunk.length;
    };
    expect(await refusal(reading)).toBe('block_mismatch');
    expect(seen).toBeLessThan(10_000);
  });
});

const root = cidOf('dag-cbor', encodeCbor({}));
const HEADER = carHeader([root]);
const framedHeader = (value: Parameters<typeof encodeCbor>[0]): Buffer => {
  const bytes = encodeCbor(value);
  return Buffer.concat([naiveVarint(bytes.length), bytes]);
};

describe('a header', () => {
  it.each<[string, Buffer]>([
    ['that is not there', Buffer.alloc(0)],
    ['of no bytes', Buffer.from([0])],
    ['of 1,025 bytes', Buffer.concat([naiveVarint(1_025), Buffer.alloc(1_025)])],
    ['of version 2', framedHeader({ version: 2, roots: [linkTo(root)] })],
    ['that is the pragma of version 2', bytesOf('0aa16776657273696f6e02')],
    ['without roots', framedHeader({ version: 1 })],
    ['with no root', framedHeader({ version: 1, roots: [] })],
    ['with a text for a root', framedHeader({ version: 1, roots: [root] })],
    ['with another member', framedHeader({ version: 1, roots: [linkTo(root)], more: 1 })],
    ['that is a list', framedHeader([1])],
    ['that is null', framedHeader(null)],
    ['cut off', Buffer.from(HEADER.subarray(0, 40))],
  ])('%s is refused', async (_name, bytes) => {
    expect(await refusal(() => openCar(inChunks(bytes)))).toBe('car_form');
  });

  it('whose bytes are no canonical dag-cbor is refused', async () => {
    const swapped = bytesOf(
      `a26776657273696f6e0165726f6f747381d82a582500${Buffer.from(cidBytes(root)).toString('hex')}`,
    );
    const bytes = Buffer.concat([naiveVarint(swapped.length), swapped]);
    expect(await refusal(() => openCar(inChunks(bytes)))).toBe('cbor_not_canonical');
  });

  it.each<{ name: string; hex: string }>(vectors.notLengths)(
    'behind a length $name is refused',
    async ({ hex }) => {
      expect(await refusal(() => openCar(inChunks(bytesOf(hex))))).toBe('car_form');
    },
  );

  it('lets go of the source that it refuses', async () => {
    let isOpen = true;
    const source = async function* () {
      try {
        for (;;) yield Buffer.alloc(1_000);
      } finally {
        isOpen = false;
      }
    };
    expect(await refusal(() => openCar(source()))).toBe('car_form');
    expect(isOpen).toBe(false);
  });
});

describe('a section', () => {
  const nextOf = (bytes: Uint8Array) => async () => {
    const car = await openCar(inChunks(Buffer.concat([HEADER, bytes])));
    await car.next();
  };
  const cidV0 = Buffer.concat([Buffer.from([0x12, 0x20]), Buffer.alloc(32)]);
  const idOf = (...head: number[]) => Buffer.concat([Buffer.from(head), Buffer.alloc(32)]);
  const framed = (bytes: Buffer) => Buffer.concat([naiveVarint(bytes.length), bytes]);

  it.each<[string, Buffer, string]>([
    ['of length zero, which some take for the end', Buffer.from([0]), 'car_form'],
    ['shorter than an id', framed(Buffer.alloc(35)), 'car_form'],
    ['with an id of version 0', framed(Buffer.concat([cidV0, Buffer.alloc(8)])), 'cid_form'],
    ['with an id of dag-pb', framed(idOf(1, 0x70, 0x12, 0x20)), 'cid_codec'],
    ['with an id by SHA-512', framed(idOf(1, 0x55, 0x13, 0x20)), 'cid_hash'],
    ['with an id by identity', framed(idOf(1, 0x55, 0x00, 0x20)), 'cid_hash'],
    ['with an id whose codec is spelt longer', framed(idOf(1, 0xd5, 0x00, 0x12, 0x20)), 'cid_form'],
    [
      'of a document above 64 MiB',
      Buffer.concat([naiveVarint(36 + MAX_DOCUMENT_BYTES + 1), cidBytes(cidOf('raw', Buffer.alloc(1)))]),
      'car_form',
    ],
    ['of a node above 1 MiB', Buffer.concat([naiveVarint(36 + 1_048_577), cidBytes(root)]), 'car_form'],
  ])('%s is refused', async (_name, bytes, code) => {
    expect(await refusal(nextOf(bytes))).toBe(code);
  });

  it.each<{ name: string; hex: string }>(vectors.notLengths)(
    'behind a length $name is refused',
    async ({ hex }) => {
      expect(await refusal(nextOf(bytesOf(hex)))).toBe('car_form');
    },
  );

  it('may be a document of 64 MiB, of which only a chunk is ever held', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 7);
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    for (let at = 0; at < 64; at += 1) hash.update(chunk);
    const cid = Buffer.concat([Buffer.from([1, 0x55, 0x12, 0x20]), hash.digest()]);
    async function* source() {
      yield Buffer.concat([HEADER, naiveVarint(36 + MAX_DOCUMENT_BYTES), cid]);
      for (let at = 0; at < 64; at += 1) yield chunk;
    }
    const car = await openCar(source());
    const block = await car.next();
    let [seen, largest] = [0, 0];
    for await (const each of block?.body ?? []) {
      seen += each.length;
      largest = Math.max(largest, each.length);
    }
    expect([seen, block?.size]).toEqual([MAX_DOCUMENT_BYTES, MAX_DOCUMENT_BYTES]);
    expect(largest).toBeLessThanOrEqual(chunk.length);
    expect(await car.next()).toBeUndefined();
  });
});

describe('the archive of a version', () => {
  const made = makeVersion(someDocuments(120));

  it.each([0, 1, 2, 120])('of %i documents is read as it was written', async (count) => {
    const version = makeVersion(someDocuments(count));
    const car = await written(version);
    for (const chunk of [13, 65_536]) {
      const found = await readVersion(car, version.cid, chunk);
      expect(found).toEqual(new Map([...version.documents].sort(([a], [b]) => (a < b ? -1 : 1))));
    }
  });

  it('says what it is about, and who signed that, before its content', async () => {
    const opened = await openVersionCar(inChunks(await written(made)), made.cid);
    expect(opened.manifest).toEqual(made.manifest);
    expect([Buffer.from(opened.block), opened.envelope]).toEqual([Buffer.from(made.block), made.envelope]);
    await opened.close();
  });

  it('is written the same out of what was read', async () => {
    const car = await written(made);
    const opened = await openVersionCar(inChunks(car), made.cid);
    expect((await collected(writeVersionCar(opened, opened.items()))).equals(car)).toBe(true);
  });

  it('has in it what a tiny implementation finds: manifest, signature, root of the tree, then documents in order', async () => {
    const { sections, header } = parseNaively(await written(made));
    const ids = [cidBytes(made.cid), cidBytes(cidOf('raw', Buffer.from(made.envelope)))].map((id) =>
      Buffer.from(id),
    );
    expect(sections.slice(0, 2).map(({ cid }) => Buffer.from(cid))).toEqual(ids);
    for (const id of ids) expect(header.includes(id)).toBe(true);
    expect(Buffer.from(sections[2]?.cid ?? []).equals(cidBytes(made.manifest.content))).toBe(true);
    const raw = sections.filter(({ cid }) => cid[1] === 0x55).slice(1);
    const inOrder = [...made.documents]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, bytes]) => String(bytes));
    expect(raw.map(({ bytes }) => String(bytes))).toEqual(inOrder);
  });

  it('has a document that stands at two paths twice', async () => {
    const same = makeVersion(
      new Map([
        ['a', Buffer.from('same')],
        ['b', Buffer.from('same')],
      ]),
    );
    const car = await written(same);
    expect(parseNaively(car).sections.filter(({ bytes }) => String(bytes) === 'same')).toHaveLength(2);
    expect((await readVersion(car, same.cid)).size).toBe(2);
  });

  it('is not written where a document has another size than its entry', async () => {
    async function* items() {
      for await (const item of made.items())
        yield item.kind === 'node' ? item : { ...item, document: inChunks(Buffer.from('other')) };
    }
    expect(await refusal(() => collected(writeVersionCar(made, items())))).toBe('entry_form');
  });
});

describe('a damaged archive of a version', () => {
  const made = makeVersion(someDocuments(40));
  const pinned = cidBytes(made.cid);
  const signed = cidBytes(cidOf('raw', Buffer.from(made.envelope)));
  const sectionsOf = async () => parseNaively(await written(made)).sections;
  const refusedAs = (
    sections: readonly Section[],
    cid = made.cid,
    roots: readonly Uint8Array[] = [pinned, signed],
  ) => refusal(() => readVersion(naiveCar(roots, sections), cid));
  const isOther = (section: Section) => section.cid[1] === 0x71;

  it('is read where nothing is damaged', async () => {
    expect(await refusedAs(await sectionsOf())).toBeUndefined();
  });

  it('(any byte flipped) is refused, whichever it is', async () => {
    const car = await written(makeVersion(someDocuments(3)));
    const { cid } = makeVersion(someDocuments(3));
    for (let at = 0; at < car.length; at += 1) {
      const damaged = Buffer.from(car);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      expect(await refusal(() => readVersion(damaged, cid)), `byte ${at}`).toBeDefined();
    }
  });

  it('(cut off at every 97th byte) is refused, wherever it ends', async () => {
    const car = await written(made);
    for (let end = 0; end < car.length; end += 97)
      expect(await refusal(() => readVersion(car.subarray(0, end), made.cid)), `${end}`).toMatch(/^car_/);
  });

  it('(a block missing) is refused, whichever it is', async () => {
    const sections = await sectionsOf();
    for (const at of sections.keys())
      expect(await refusedAs(sections.filter((_, each) => each !== at)), `${at}`).toMatch(/^(car|entry)_/);
  });

  it('(two neighbours swapped) is refused, whichever they are', async () => {
    const sections = await sectionsOf();
    for (let at = 1; at < sections.length; at += 1) {
      const [left, right] = [sections[at - 1], sections[at]] as [Section, Section];
      const swapped = [...sections.slice(0, at - 1), right, left, ...sections.slice(at + 1)];
      expect(await refusedAs(swapped), `${at}`).toMatch(/^(car|cbor|entry)_/);
    }
  });

  it('(a surplus block) is refused, wherever it stands', async () => {
    const sections = await sectionsOf();
    const more = sectionOf('raw', Buffer.from('more'));
    for (let at = 0; at <= sections.length; at += 1)
      expect(await refusedAs([...sections.slice(0, at), more, ...sections.slice(at)]), `${at}`).toBe(
        'car_block',
      );
    expect(await refusedAs([...sections, sections.at(-1) as Section])).toBe('car_block');
  });

  it('(bytes behind its end) is refused', async () => {
    const car = Buffer.concat([await written(made), Buffer.alloc(1)]);
    expect(await refusal(() => readVersion(car, made.cid))).toBe('car_form');
  });

  it('(of another version than was asked for) is refused', async () => {
    const other = makeVersion(someDocuments(40), { seq: 2 });
    expect(await refusedAs(await sectionsOf(), other.cid)).toBe('car_form');
    expect(await refusedAs(await sectionsOf(), other.cid, [cidBytes(other.cid), signed])).toBe('car_block');
  });

  it.each<[string, readonly Uint8Array[]]>([
    ['the version alone', [pinned]],
    ['the roots in another order', [signed, pinned]],
    ['one root more', [pinned, signed, signed]],
    ['a signature that is no raw block', [pinned, pinned]],
  ])('(%s) is refused', async (_name, roots) => {
    expect(await refusedAs(await sectionsOf(), made.cid, roots)).toMatch(/^car_/);
  });

  it.each<[string, (text: string) => string]>([
    ['of another manifest', () => makeVersion(someDocuments(1)).envelope],
    ['with blanks in its text', (text) => text.replace('{', '{ ')],
    ['with a member more', (text) => text.replace('{', '{"more":1,')],
    ['of another type', (text) => text.replace('kb-version', 'kb-decision')],
    ['that is no JSON', () => 'signed'],
    ['of 40 KB', (text) => text + ' '.repeat(40_000)],
  ])('(a signature %s) is refused', async (_name, change) => {
    const [manifest, , ...rest] = await sectionsOf();
    const signature = sectionOf('raw', Buffer.from(change(made.envelope)));
    const sections = [manifest as Section, signature, ...rest];
    expect(await refusedAs(sections, made.cid, [pinned, signature.cid])).toBe('car_form');
  });

  it.each<[string, object]>([
    ['more entries', { entries: 41 }],
    ['fewer entries', { entries: 39 }],
    ['other bytes', { bytes: 1 }],
  ])('(%s in the manifest than in the tree) is refused', async (_name, changes) => {
    const lying = makeVersion(someDocuments(40), changes);
    expect(await refusal(async () => readVersion(await written(lying), lying.cid))).toBe('version_form');
  });

  it('(an entry that lies about its size) is refused', async () => {
    const sections = await sectionsOf();
    const at = sections.findIndex(
      (section, each) => each > 2 && isOther(section) && sections[each + 1]?.cid[1] === 0x55,
    );
    const document = sections[at + 1] as Section;
    const longer = sectionOf('raw', Buffer.concat([document.bytes, Buffer.from('!')]));
    const damaged = sections.map((section, each) => (each === at + 1 ? longer : section));
    expect(await refusedAs(damaged)).toBe('car_block');
  });

  it('(without end) is refused at the first byte too many', async () => {
    const car = await written(made);
    let given = 0;
    async function* endless() {
      yield car;
      const more = sectionOf('raw', Buffer.alloc(1_000));
      for (; given < 1_000; given += 1)
        yield Buffer.concat([carFrame(cidOf('raw', more.bytes), 1_000), more.bytes]);
    }
    const reading = async () => {
      for await (const _ of (await openVersionCar(endless(), made.cid)).items());
    };
    expect(await refusal(reading)).toBe('car_block');
    expect(given).toBeLessThan(5);
  });
});
