// Exports as tests take them apart and put them together: what is in them by address, bytes that lie, and how they are sent.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { memoryBytes } from '../../src/client/export-file/file-bytes.ts';
import { EXPORT_TYPE, HEAD_NAME, headBytes } from '../../src/client/export-file/format.ts';
import { type ExportOptions, makeExport } from '../../src/client/export-file/make-export.ts';
import { openExport } from '../../src/client/export-file/open-export.ts';
import { pinOf } from '../../src/client/export-file/root-pin.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { tarHeaders } from '../../src/protocol/tar-names.ts';
import { tarEnd, tarPadding } from '../../src/protocol/tar-writer.ts';
import type { Answer, TestRegistry } from '../world/registry.ts';
import { waitForTurn } from './mirroring.ts';

export const temporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-export-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

/** The file that a registry is exported into, as bytes. */
export const exported = async (url: string, more: Partial<ExportOptions> = {}): Promise<Buffer> => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-export-'));
  try {
    const out = join(folder, 'registry.tar');
    await makeExport({ url, store: memoryTrustStore(), ...more }, out);
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

type Files = Map<string, Uint8Array>;

/** What stands in an export, by address; it may be changed, and written anew. */
export const filesIn = async (bytes: Uint8Array): Promise<Files> => {
  const files: Files = new Map();
  const opened = await openExport(memoryBytes(bytes));
  for (let at = 0; at < bytes.length; at += 512) {
    const name = Buffer.from(bytes.subarray(at, at + 100))
      .toString('latin1')
      .replace(/\0.*$/s, '');
    const body = await opened.read(`/${name}`);
    if (body !== undefined) files.set(`/${name}`, body);
  }
  return files;
};

export const entry = (name: string, body: Uint8Array): Buffer =>
  Buffer.concat([...tarHeaders(name, body.length), body, tarPadding(body.length)]);

export const tarOf = (entries: readonly (readonly [string, Uint8Array])[]): Buffer =>
  Buffer.concat([...entries.map(([name, body]) => entry(name, body)), tarEnd()]);

/** As an export of that registry would be with these files in it. */
export const exportOf = (registry: string, files: Files): Buffer => {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const entries = sorted.map(([path, body]) => [path.slice(1), body] as const);
  return tarOf([[HEAD_NAME, headBytes({ registry })], ...entries]);
};

export const rootQuery = (envelope: Uint8Array): string => {
  const { version, sha256 } = pinOf(envelope);
  return `root=${version}-${sha256}`;
};

export const send = (
  registry: TestRegistry,
  body: Uint8Array,
  query = '',
  token?: string | null,
): Promise<Answer> =>
  registry.call('POST', `/mirror/imports?${query}`, {
    body,
    headers: { 'Content-Type': EXPORT_TYPE },
    ...(token === undefined ? {} : { token }),
  });

/** Sends an export and waits for what comes of it. */
export const importInto = async (registry: TestRegistry, body: Uint8Array, query = '') => {
  const begun = await send(registry, body, query);
  if (begun.status !== 202) throw new Error(begun.bytes.toString());
  return waitForTurn(registry, begun.json.id, begun.json.turn + 1);
};
