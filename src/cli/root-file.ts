// Reads roots from files and registries, and writes them: drafts that wait for signatures, too, but only as files.
import { randomUUID } from 'node:crypto';
import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { parseDraft } from '../../keys/draft.ts';
import { type Envelope, envelopeText, parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { parseRoot, ROOT_PAYLOAD_TYPE, type Root, verifyFirstRoot } from '../../keys/root.ts';
import { httpTransport } from '../client/network/http-transport.ts';
import { registryBase } from '../client/network/http-url.ts';
import { fault } from '../protocol/faults.ts';
import type { Settings } from './command.ts';

export interface RootEnvelope {
  readonly root: Root;
  readonly envelope: Envelope;
}

const MAX_ROOT_BYTES = 256 * 1024;

const rootIn = (envelope: Envelope): RootEnvelope => {
  if (envelope.payloadType !== ROOT_PAYLOAD_TYPE)
    throw new KeyError('payload_type', { expected: ROOT_PAYLOAD_TYPE, found: envelope.payloadType });
  return { root: parseRoot(envelope.payload), envelope };
};

/** Says nothing about who signed it. @throws KeyError */
export const readRootFile = async (path: string): Promise<RootEnvelope> =>
  rootIn(parseDraft(await readFile(path)));

/** A root that enough of its own keys have signed. @throws KeyError */
export const readSignedRoot = async (path: string): Promise<Root> =>
  verifyFirstRoot(parseDraft(await readFile(path)));

/** Never over another file. */
export const writeNewRoot = (path: string, envelope: Envelope): Promise<void> =>
  writeFile(path, `${envelopeText(envelope)}\n`, { flag: 'wx' });

/** Whatever interrupts it, the file holds the old text or the new one. */
export const replaceRoot = async (path: string, envelope: Envelope): Promise<void> => {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${envelopeText(envelope)}\n`, { flag: 'wx', flush: true });
    await rename(draft, path);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
};

export const isUrl = (text: string): boolean => /^https?:\/\//i.test(text);

/** The document itself, or the newest root of the registry at that address. */
const documentUrl = (text: string): string =>
  new URL(text).pathname.endsWith('.json') ? text : `${registryBase(text)}/trust/root.json`;

const fetchEnvelope = async (settings: Settings, url: string): Promise<Envelope | undefined> => {
  const transport = httpTransport({ registry: url, allowPrivate: settings.allowPrivateAddresses });
  const { status, body } = await transport.get(url, { maxBytes: MAX_ROOT_BYTES });
  if (status === 404) return undefined;
  if (status !== 200) throw fault('not_found', { url, status }, `${url} answered ${status}.`);
  return parseEnvelope(body);
};

export interface FetchedRoot extends RootEnvelope {
  /** The one before it, where the registry shows it. */
  readonly previous: Root | undefined;
}

/** @throws Fault not_found; KeyError for what is no signed root; TransportError */
export const fetchRoot = async (settings: Settings, address: string): Promise<FetchedRoot> => {
  const url = documentUrl(address);
  const envelope = await fetchEnvelope(settings, url);
  if (envelope === undefined) throw fault('not_found', { url }, `There is no root at ${url}.`);
  const found = rootIn(envelope);
  if (found.root.version === 1) return { ...found, previous: undefined };
  const before = await fetchEnvelope(settings, new URL(`${found.root.version - 1}.root.json`, url).href);
  return { ...found, previous: before && verifyFirstRoot(before) };
};
