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
}

export interface VersionTable {
  readonly count: () => number;
  /** False where it is there already; the first one stays. */
  readonly add: (version: Omit<LoggedVersion, 'yanked'>) => boolean;
  /** False where there is no such version. */
  readonly setYanked: (name: string, version: string, yanked: boolean) => boolean;
  /** In the order in which the log named them first. */
  readonly names: () => Iterable<string>;
  readonly versionsOf: (name: string) => readonly LoggedVersion[];
}

const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 64;
const RECORD_BYTES = DIGEST_BYTES + SIGNATURE_BYTES;
const RECORDS_IN_SLAB = 4_096;

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
  const yanks: number[] = [];
  /** -1: unsigned. */
  const keyNumbers: number[] = [];

  const rowOf = (name: string, version: string): number | undefined => packs.get(name)?.get(version);

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
      yanked: yanks[row] === 1,
    };
  };

  return {
    count: () => positions.length,
    add: (version) => {
      if (rowOf(version.name, version.version) !== undefined) return false;
      const row = positions.push(version.position) - 1;
      sizes.push(version.size);
      trees.push(version.tree === 'v2' ? 2 : 1);
      yanks.push(0);
      keyNumbers.push(version.keyId === undefined ? -1 : keys.numberOf(version.keyId));
      bytes.add(row, decodeHex(version.sha256) ?? new Uint8Array(), version.signature ?? new Uint8Array());
      const known = packs.get(version.name);
      if (known === undefined) packs.set(owned(version.name), new Map([[owned(version.version), row]]));
      else known.set(owned(version.version), row);
      return true;
    },
    setYanked: (name, version, yanked) => {
      const row = rowOf(name, version);
      if (row !== undefined) yanks[row] = yanked ? 1 : 0;
      return row !== undefined;
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
