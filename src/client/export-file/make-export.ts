// Makes one file out of a whole registry: everybody's packs, and all that it takes to believe them where no network is.
import { type Digest, digestOf, sameDigest } from '../../../storage/digest.ts';
import { discover } from '../discovery.ts';
import { registryBase } from '../network/http-url.ts';
import { type OpenRegistryOptions, storeOf, transportOf } from '../open-registry.ts';
import { partOf, requireFree } from '../part-files.ts';
import { refusal } from '../refusal.ts';
import { type RegistryReader, registryReader } from '../registry-reader.ts';
import { createDocumentSpool, type DocumentSpool } from './document-spool.ts';
import { gatherLogged } from './gather-logged.ts';
import { gatherPlain } from './gather-plain.ts';
import { type ExportProgress, type Gathered, keepingLatest } from './gathering.ts';
import { patient } from './patient-transport.ts';
import { writeExport } from './write-export.ts';

export interface ExportOptions extends Omit<OpenRegistryOptions, 'token' | 'identity'> {
  /** By which others know the registry; default: where it was asked. */
  readonly publicUrl?: string | undefined;
  /** How long to wait before what failed is asked for again, as often as there are numbers; milliseconds. */
  readonly pausesMs?: readonly number[] | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

export interface MadeExport {
  /** By which it will be known where it is imported. */
  readonly registry: string;
  readonly packs: number;
  readonly versions: number;
  readonly files: number;
  readonly bytes: number;
  /** Of the whole file. */
  readonly sha256: Digest;
  readonly log: Gathered['log'];
}

const MAX_TARBALL_BYTES = 10 * 1024 * 1024;

/** Who remembers a log, or was handed a root, believes no registry that shows none. */
const gather = async (
  options: ExportOptions,
  spool: DocumentSpool,
  onProgress: (progress: ExportProgress) => void,
): Promise<Gathered> => {
  const base = registryBase(options.url);
  const transport = keepingLatest(patient(transportOf(options), options.pausesMs), base, spool);
  const reader = registryReader(transport, base);
  // At once: whoever named the wrong address need not wait for it.
  const { trust } = await discover(registryReader(transportOf(options), base));
  const known = options.pinnedRoot !== undefined || (await storeOf(options).recall()) !== undefined;
  if (trust !== undefined || known) return gatherLogged({ ...options, transport }, spool, onProgress);
  return gatherPlain(reader, onProgress);
};

const fetchTarball = async (
  reader: RegistryReader,
  path: string,
  expected: Digest | undefined,
): Promise<Uint8Array | undefined> => {
  const bytes = await reader.bytes('digest', path, MAX_TARBALL_BYTES);
  if (expected === undefined || (bytes !== undefined && sameDigest(digestOf(bytes), expected))) return bytes;
  const found = bytes === undefined ? null : digestOf(bytes);
  throw refusal('digest', 'export_inconsistent', { path, expected, found });
};

/**
 * Writes the file whole or not at all, and never over another one. The same state of a registry is the same bytes.
 * Memory: an address for each file, and a few files at a time.
 * @throws Refusal: of what the registry serves otherwise than its log says; of `registry` where it does not answer
 */
export const makeExport = async (options: ExportOptions, out: string): Promise<MadeExport> => {
  const { onProgress = () => undefined, publicUrl = options.url } = options;
  const registry = registryBase(publicUrl);
  await requireFree(out);
  const spool = await createDocumentSpool(partOf(out, 'documents'));
  try {
    const gathered = await gather(options, spool, onProgress);
    const transport = patient(transportOf(options), options.pausesMs);
    const reader = registryReader(transport, registryBase(options.url));
    const { tarballs, packs, log } = gathered;
    const paths = [...new Set([...spool.paths(), ...tarballs.keys()])];
    const bodyOf = (path: string) =>
      tarballs.has(path) ? fetchTarball(reader, path, tarballs.get(path)) : spool.read(path);
    const written = await writeExport(out, { registry, paths, bodyOf, onProgress });
    return { registry, packs, versions: tarballs.size, ...written, log };
  } finally {
    await spool.remove();
  }
};
