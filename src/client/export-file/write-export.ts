// Writes the file of an export: in the order of the addresses, whole in its place or not there at all.
import type { FileHandle } from 'node:fs/promises';
import { type Digest, startDigest } from '../../../storage/digest.ts';
import { tarHeaders } from '../../protocol/tar-names.ts';
import { tarEnd, tarPadding } from '../../protocol/tar-writer.ts';
import { inOrder } from '../audit/fetch.ts';
import { placeNewFile } from '../part-files.ts';
import {
  HEAD_NAME,
  headBytes,
  isServedPath,
  MAX_EXPORT_BYTES,
  MAX_EXPORT_FILES,
  unreadable,
} from './format.ts';
import type { ExportProgress } from './gathering.ts';

export interface ExportContents {
  /** Base address of the registry that it is of. */
  readonly registry: string;
  /** Each once, in any order. */
  readonly paths: readonly string[];
  /** Undefined where there is nothing after all. */
  readonly bodyOf: (path: string) => Promise<Uint8Array | undefined>;
  readonly onProgress: (progress: ExportProgress) => void;
}

export interface WrittenExport {
  readonly files: number;
  readonly bytes: number;
  /** Of the whole file. */
  readonly sha256: Digest;
}

/** Writes on at the end of a file, and knows how much and what that was. */
const writer = (file: FileHandle) => {
  const digest = startDigest();
  let bytes = 0;
  const write = async (part: Uint8Array): Promise<void> => {
    digest.update(part);
    for (let done = 0; done < part.length; )
      done += (await file.write(part, done, part.length - done)).bytesWritten;
    bytes += part.length;
  };
  return {
    entry: async (name: string, body: Uint8Array): Promise<void> => {
      for (const part of tarHeaders(name, body.length)) await write(part);
      await write(body);
      await write(tarPadding(body.length));
      if (bytes > MAX_EXPORT_BYTES) throw unreadable('too large', { bytes });
    },
    end: async () => {
      await write(tarEnd());
      return { bytes, sha256: digest.finish() };
    },
  };
};

/** One state of a registry is one file; a few of its parts are fetched ahead. */
const writeAll = async (file: FileHandle, contents: ExportContents): Promise<WrittenExport> => {
  const { registry, bodyOf, onProgress } = contents;
  const paths = contents.paths.filter(isServedPath).sort();
  if (paths.length > MAX_EXPORT_FILES) throw unreadable('too many files', { files: paths.length });
  const to = writer(file);
  await to.entry(HEAD_NAME, headBytes({ registry }));
  let files = 0;
  let done = 0;
  for await (const body of inOrder(paths.length, (at) => bodyOf(paths[at] ?? ''))) {
    if (body !== undefined) {
      await to.entry((paths[done] ?? '').slice(1), body);
      files += 1;
    }
    done += 1;
    onProgress({ step: 'files', done, of: paths.length });
  }
  return { files, ...(await to.end()) };
};

/** @throws Refusal of what `bodyOf` finds; then there is no file */
export const writeExport = (out: string, contents: ExportContents): Promise<WrittenExport> =>
  placeNewFile(out, (file) => writeAll(file, contents));
