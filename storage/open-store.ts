// Opens the blob store an address names: memory, a directory, or a bucket.
import { fileURLToPath } from 'node:url';
import type { BlobStore } from './blob-store.ts';
import { type DiskOptions, openDiskStore } from './disk-store.ts';
import { type StorageError, type StorageEvidence, storageError } from './errors.ts';
import { createMemoryStore } from './memory-store.ts';
import type { S3Credentials } from './s3-store.ts';

export type BlobLocation =
  | { readonly kind: 'memory' }
  | { readonly kind: 'disk'; readonly root: string }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Empty, or ends in `/`. */
      readonly prefix: string;
      readonly endpoint: string | undefined;
      readonly region: string | undefined;
    };

const FORMS = 'memory:, file:///directory or s3://bucket/prefix?endpoint=…&region=…';
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)*$/;
const REGION = /^[a-z0-9-]{1,40}$/;

/** Addresses may carry secrets by mistake, so an error shows the offending part only where it cannot be one. */
const bad = (message: string, evidence: StorageEvidence = {}): StorageError =>
  storageError('bad_location', evidence, `${message} Write ${FORMS}.`);

/** Reads an address; throws `bad_location` that says what is wrong with it. */
export const parseBlobUrl = (text: string): BlobLocation => {
  if (!URL.canParse(text)) throw bad('The address of the blob store is not a URL.');
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') throw bad('Credentials do not belong in the address.');
  if (url.hash !== '') throw bad('The address has a fragment.');
  if (url.protocol === 'memory:') return memoryLocation(url);
  if (url.protocol === 'file:') return diskLocation(url);
  if (url.protocol === 's3:') return s3Location(url);
  throw bad(`There is no blob store "${url.protocol}".`, { scheme: url.protocol });
};

/**
 * Opens what `parseBlobUrl` reads. Credentials matter only for S3; when undefined the SDK finds its own. `onDisk` matters
 * only for a directory.
 */
export const openBlobStore = async (
  text: string,
  credentials?: S3Credentials,
  onDisk?: DiskOptions,
): Promise<BlobStore> => {
  const location = parseBlobUrl(text);
  if (location.kind === 'memory') return createMemoryStore();
  if (location.kind === 'disk') return openDiskStore(location.root, Date.now, onDisk);
  // Loaded only here: whoever keeps blobs on disk need not carry the S3 SDK in memory.
  const { openS3Store } = await import('./s3-store.ts');
  return openS3Store({ ...location, credentials });
};

/** The query as a map of known names, each given at most once. */
const parametersOf = (url: URL, known: readonly string[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!known.includes(name))
      throw bad(`There is no parameter "${name}" for ${url.protocol}.`, { name, known });
    if (found.has(name)) throw bad(`The parameter "${name}" stands twice.`, { name });
    found.set(name, value);
  }
  return found;
};

const memoryLocation = (url: URL): BlobLocation => {
  parametersOf(url, []);
  if (url.host !== '' || url.pathname !== '') throw bad('memory: takes nothing after the colon.');
  return { kind: 'memory' };
};

const diskLocation = (url: URL): BlobLocation => {
  parametersOf(url, []);
  if (url.host !== '')
    throw bad('A file: address needs three slashes and an absolute path.', { host: url.host });
  if (/%2f|%5c|%00/i.test(url.pathname)) throw bad('The path contains an encoded separator.');
  const root = fileURLToPath(url);
  if (root === '/') throw bad('The root of the filesystem cannot hold a blob store.');
  return { kind: 'disk', root };
};

const s3Location = (url: URL): BlobLocation => {
  const parameters = parametersOf(url, ['endpoint', 'region']);
  const bucket = url.hostname;
  if (!BUCKET.test(bucket) || url.port !== '') throw bad('That is not a bucket name.', { bucket });
  const path = url.pathname.replace(/^\//, '');
  const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
  if (!PREFIX.test(prefix)) throw bad('The prefix may hold letters, digits and . _ - only.', { prefix });
  const region = parameters.get('region');
  if (region !== undefined && !REGION.test(region)) throw bad('That is not a region.', { region });
  return { kind: 's3', bucket, prefix, endpoint: endpointOf(parameters.get('endpoint')), region };
};

const endpointOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.host !== '';
  if (!plain || `${url.origin}/` !== url.href)
    throw bad('The endpoint must be http(s)://host or http(s)://host:port.');
  return url.origin;
};
