// Reads what the public registry published, where a sample of it lies beside the checkout.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../../../keys/canonical.ts';
import { ROOT } from '../../world/source.ts';

const SHARED = join(ROOT, '..', 'shared');
const PACKS = join(SHARED, 'real-registry', 'v1', 'packs');
export const SCHEMAS = join(SHARED, 'schemas');

export const havePublished = existsSync(PACKS);
export const haveSchemas = existsSync(SCHEMAS);

export interface PublishedVersion {
  readonly id: string;
  readonly manifest: JsonObject;
  readonly entries: ReadonlySet<string>;
}

const nameOf = (header: Buffer): string => {
  const end = header.indexOf(0);
  return header.toString('utf8', 0, end < 0 || end > 100 ? 100 : end).replace(/^\.\//, '');
};

const sizeOf = (header: Buffer): number => Number.parseInt(header.toString('latin1', 124, 136).trim(), 8);

/** The regular files of a plain ustar archive; enough for the sample, which holds nothing else. */
const filesOf = (archive: Buffer): ReadonlyMap<string, Buffer> => {
  const files = new Map<string, Buffer>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + 512);
    const size = sizeOf(header);
    files.set(nameOf(header), archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
};

const readVersion = (pack: string, file: string): PublishedVersion => {
  const files = filesOf(gunzipSync(readFileSync(join(PACKS, pack, '-', file))));
  return {
    id: `${pack}@${file.slice(0, -'.tgz'.length)}`,
    manifest: JSON.parse((files.get('pack.json') ?? Buffer.alloc(0)).toString('utf8')),
    entries: new Set(files.keys()),
  };
};

export const publishedVersions = (): readonly PublishedVersion[] =>
  havePublished
    ? readdirSync(PACKS).flatMap((pack) =>
        readdirSync(join(PACKS, pack, '-'))
          .filter((file) => file.endsWith('.tgz'))
          .map((file) => readVersion(pack, file)),
      )
    : [];
