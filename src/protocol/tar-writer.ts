// Writes a ustar archive in the one spelling that the public registry's builder uses. Pure.
import { BLOCK } from './tar-header.ts';

export interface SplitName {
  readonly prefix: string;
  readonly name: string;
}

const MAX_NAME = 100;
const MAX_PREFIX = 155;

/** Parts a path at a slash so that ustar can hold it, in bytes of UTF-8; undefined where no slash will do. */
export const splitName = (path: string): SplitName | undefined => {
  if (Buffer.byteLength(path) <= MAX_NAME) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= MAX_NAME)
      return Buffer.byteLength(prefix) <= MAX_PREFIX ? { prefix, name } : undefined;
  }
  return undefined;
};

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

const sumOf = (header: Uint8Array): number => header.reduce((sum, byte) => sum + byte, 0);

/** `x`: a pax header about the file behind it. */
export type TarFlag = '0' | 'x';

/** Mode 0644, no owner, no time: nothing that differs between two machines. */
export const tarHeader = ({ prefix, name }: SplitName, size: number, flag: TarFlag = '0'): Uint8Array => {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write(flag, 156);
  header.write('ustar\x0000', 257);
  header.write(prefix, 345);
  header.write(`${octal(sumOf(header), 7)}\0`, 148);
  return header;
};

/** What fills up the last block of a file of that size. */
export const tarPadding = (size: number): Uint8Array => Buffer.alloc(-size & (BLOCK - 1));

/** What every archive ends with. */
export const tarEnd = (): Uint8Array => Buffer.alloc(2 * BLOCK);

/**
 * The archive of these files, entries sorted by UTF-16 code units of their paths, two empty blocks at the end.
 * @throws Error where a path is too long for ustar: callers refuse those first (`splitName`)
 */
export const writeTar = (files: ReadonlyMap<string, Uint8Array>): Uint8Array => {
  const blocks: Uint8Array[] = [];
  for (const path of [...files.keys()].sort()) {
    const bytes = files.get(path) ?? new Uint8Array(0);
    const name = splitName(path);
    if (name === undefined) throw new Error(`ustar cannot hold the path ${path}`);
    blocks.push(tarHeader(name, bytes.length), bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...blocks, tarEnd()]);
};
