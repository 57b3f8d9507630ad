// Archives made by code, byte by byte: sound ones, and every way in which one can lie.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FaultCode, Violation } from '../../src/protocol/faults.ts';
import { type ArchiveCaps, inspectTarball } from '../../src/protocol/tarball.ts';
import { ROOT } from './source.ts';

export interface RawEntry {
  readonly name: string | Uint8Array;
  readonly bytes?: string | Uint8Array;
  /** The type flag, `0` for a file. */
  readonly type?: string;
  /** The size that the header declares, where it is not the true one. */
  readonly size?: number;
  readonly linkName?: string;
  /** Last changes to the header, before its checksum is made. */
  readonly change?: (header: Buffer) => void;
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

/** Makes the checksum of a header true again. */
export const resum = (header: Buffer): Buffer => {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
};

export const rawEntry = (entry: RawEntry): Buffer => {
  const bytes = Buffer.from(entry.bytes ?? '');
  const header = Buffer.alloc(512);
  header.set(Buffer.from(entry.name).subarray(0, 100));
  header.write('000644 ', 100);
  header.write('000000 ', 108);
  header.write('000000 ', 116);
  header.write(`${octal(entry.size ?? bytes.length, 11)} `, 124, 'latin1');
  header.write(`${octal(1_770_000_000, 11)} `, 136, 'latin1');
  header.write(entry.type ?? '0', 156, 'latin1');
  header.write(entry.linkName ?? '', 157);
  header.write('ustar\x0000', 257, 'latin1');
  entry.change?.(header);
  return Buffer.concat([resum(header), bytes, Buffer.alloc(-bytes.length & 511)]);
};

export const END = Buffer.alloc(1_024);

export const MANIFEST = '{"name":"vendor.acme.tools","version":"1.0.0"}';

export const manifestEntry: RawEntry = { name: 'pack.json', bytes: MANIFEST };

/** A whole archive of exactly these entries. */
export const tarOf = (...entries: readonly RawEntry[]): Buffer =>
  Buffer.concat([...entries.map(rawEntry), END]);

/** A gzipped archive of a sound manifest and these entries. */
export const packWith = (...entries: readonly RawEntry[]): Buffer =>
  gzipSync(tarOf(manifestEntry, ...entries));

/** One pax record, whose length counts itself. */
export const paxRecord = (key: string, value: string): string => {
  const tail = ` ${key}=${value}\n`;
  const length = [1, 2, 3]
    .map((digits) => tail.length + digits)
    .find((each, at) => String(each).length === at + 1);
  return `${length}${tail}`;
};

/** Bytes that look random and are the same in every run. */
export const noise = (length: number, seed = 'noise'): Buffer => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash('sha256').update(`${seed} ${at}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
};

/** Gives bytes in chunks of a size, and counts how many were asked for. */
export const chunked = (bytes: Uint8Array, size = bytes.length) => {
  const asked = { bytes: 0 };
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) {
      const chunk = bytes.subarray(at, at + size);
      asked.bytes += chunk.length;
      yield chunk;
    }
  };
  return { source: chunks(), asked };
};

export const inspect = (bytes: Uint8Array, caps?: ArchiveCaps) => inspectTarball(chunked(bytes).source, caps);

export const violationsOf = async (bytes: Uint8Array, caps?: ArchiveCaps): Promise<readonly Violation[]> =>
  (await inspect(bytes, caps)).violations;

/** The code and message of each violation as one line, for tests that name what an attacker is told. */
export const refusals = async (bytes: Uint8Array, caps?: ArchiveCaps): Promise<readonly string[]> =>
  (await violationsOf(bytes, caps)).map(
    ({ code, where, message }) => `${code} ${JSON.stringify(where)} ${message}`,
  );

export const codesOf = async (bytes: Uint8Array): Promise<readonly FaultCode[]> =>
  (await violationsOf(bytes)).map((violation) => violation.code);

const SAMPLE = join(ROOT, '../shared/real-registry/v1/packs');

export interface SampleTarball {
  readonly label: string;
  readonly bytes: Buffer;
}

/** Tarballs of the public registry, where a sample of it lies beside the checkout; else none. */
export const sampleTarballs = (): readonly SampleTarball[] => {
  if (!existsSync(SAMPLE)) return [];
  return readdirSync(SAMPLE).flatMap((name) =>
    readdirSync(join(SAMPLE, name, '-'))
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => ({
        label: `${name}@${file.slice(0, -4)}`,
        bytes: readFileSync(join(SAMPLE, name, '-', file)),
      })),
  );
};
