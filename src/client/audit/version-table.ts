// What a log says of versions, in columns: a log may publish millions, and each must cost little to remember. Pure.
import { decodeBase64, decodeHex, encodeHex } from '../../../keys/bytes.ts';
import type { Tree } from '../../protocol/faults.ts';

/** One version as the log records it. */
export interface LoggedVersion {
  readonly name: string;
  readonly version: string;
  /** Of the entry that published it. */
  readonly position: number;
  readonly tree: Tree;
  /** Hex SHA-256 of the tarball. */
  readonly sha256: string;
  readonly size: number;
  /** Both undefined for an unsigned version. */
  readonly keyId: string | undefined;
  readonly signature: Uint8Array | undefined;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  /** What the deprecation names in its place. */
  readonly supersededBy: string | undefined;
  /** Never taken back: it must not be served any more. */
  readonly unpublished: boolean;
}

/** A version as it is when it is published. */
export type NewVersion = Omit<LoggedVersion, 'yanked' | 'deprecated' | 'supersededBy' | 'unpublished'>;

export const MARKS = ['yanked', 'deprecated', 'unpublished'] as const;
export type Mark = (typeof MARKS)[number];

export interface VersionTable {
  readonly count: () => number;
  /** False where it is there already; the first one stays. */
  readonly add: (version: NewVersion) => boolean;
  /** False where there is no such version. */
  readonly mark: (name: string, version: string, mark: Mark, holds: boolean) => boolean;
  /** Of a version that is there. */
  readonly supersede: (name: string, version: string, by: string | undefined) => void;
  /** In the order in which the log named them first. */
  readonly names: () => Iterable<string>;
  readonly versionsOf: (name: string) => readonly LoggedVersion[];
}

const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 64;
const RECORD_BYTES = DIGEST_BYTES + SIGNATURE_BYTES;
const RECORDS_IN_SLAB = 4_096;
const BIT: Readonly<Record<Mark, number>> = { yanked: 1, deprecated: 2, unpublished: 4 };

/** A text that keeps nothing else alive: one cut out of an entry would keep the whole entry. */
const owned = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

const numbered = () => {
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    const own = owned(text);
    numbers.set(own, texts.length);
    return texts.push(own) - 1;
  };
  return { numberOf, textOf: (number: number) => texts[number] };
};

/** Records of one length, one behind the other in large pieces. */
const slabs = () => {
  const pieces: Uint8Array[] = [];
  const at = (row: number): Uint8Array => {
    const start = (row % RECORDS_IN_SLAB) * RECORD_BYTES;
    const piece = pieces[Math.floor(row / RECORDS_IN_SLAB)] ?? new Uint8Array();
    return piece.subarray(start, start + RECORD_BYTES);
  };
  const add = (row: number, digest: Uint8Array, signature: Uint8Array): void => {
    if (row % RECORDS_IN_SLAB === 0) pieces.push(new Uint8Array(RECORDS_IN_SLAB * RECORD_BYTES));
    at(row).set(digest);
    at(row).set(signature, DIGEST_BYTES);
  };
  return { at, add };
};

export const createVersionTable = (): VersionTable => {
  const packs = new Map<string, Map<string, number>>();
  const keys = numbered();
  const bytes = slabs();
  const positions: number[] = [];
  const sizes: number[] = [];
  const trees: number[] = [];
  /** Bits. */
  const marks: number[] = [];
  /** By row, of the few that name one. */
  const successors = new Map<number, string>();
  /** -1: unsigned. */
  const keyNumbers: number[] = [];

  const rowOf = (name: string, version: string): number | undefined => packs.get(name)?.get(version);

  const has = (row: number, mark: Mark): boolean => ((marks[row] ?? 0) & BIT[mark]) !== 0;

  const read = (name: string, version: string, row: number): LoggedVersion => {
    const record = bytes.at(row);
    const keyId = keys.textOf(keyNumbers[row] ?? -1);
    return {
      name,
      version,
      position: positions[row] ?? -1,
      tree: trees[row] === 2 ? 'v2' : 'v1',
      sha256: encodeHex(record.subarray(0, DIGEST_BYTES)),
      size: sizes[row] ?? -1,
      keyId,
      signature: keyId === undefined ? undefined : record.slice(DIGEST_BYTES),
      yanked: has(row, 'yanked'),
      deprecated: has(row, 'deprecated'),
      supersededBy: successors.get(row),
      unpublished: has(row, 'unpublished'),
    };
  };

  return {
    count: () => positions.length,
    add: (version) => {
      if (rowOf(version.name, version.version) !== undefined) return false;
      const row = positions.push(version.position) - 1;
      sizes.push(version.size);
      trees.push(version.tree === 'v2' ? 2 : 1);
      marks.push(0);
      keyNumbers.push(version.keyId === undefined ? -1 : keys.numberOf(version.keyId));
      bytes.add(row, decodeHex(version.sha256) ?? new Uint8Array(), version.signature ?? new Uint8Array());
      const known = packs.get(version.name);
      if (known === undefined) packs.set(owned(version.name), new Map([[owned(version.version), row]]));
      else known.set(owned(version.version), row);
      return true;
    },
    mark: (name, version, mark, holds) => {
      const row = rowOf(name, version);
      if (row !== undefined) marks[row] = ((marks[row] ?? 0) & ~BIT[mark]) | (holds ? BIT[mark] : 0);
      return row !== undefined;
    },
    supersede: (name, version, by) => {
      const row = rowOf(name, version);
      if (row === undefined) return;
      if (by === undefined) successors.delete(row);
      else successors.set(row, owned(by));
    },
    names: () => packs.keys(),
    versionsOf: (name) => [...(packs.get(name) ?? [])].map(([version, row]) => read(name, version, row)),
  };
};

/** Undefined where an event says something else of a signature than registries record. */
export const readSignature = (text: string | undefined): Uint8Array | undefined => {
  const bytes = text === undefined ? undefined : decodeBase64(text);
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined;
};
