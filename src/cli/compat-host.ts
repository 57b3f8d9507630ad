// Gets the discovery document of a host: from the host, in the newest form it has, or from a file.
import { open } from 'node:fs/promises';
import type { JsonObject } from '../../keys/canonical.ts';
import { httpTransport } from '../client/network/http-transport.ts';
import { parseHttpUrl } from '../client/network/http-url.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import { TransportError } from '../network/transport-error.ts';
import { type HostView, type ReadHost, readHost } from '../protocol/compat/host.ts';
import { isGrant } from '../protocol/compat/wish.ts';
import type { Settings } from './command.ts';
import { StandingError, UsageError } from './failure.ts';

const MAX_DOCUMENT = 1024 * 1024;
const WELL_KNOWN = '/.well-known/openwop';
/** capabilities.md (v2) §1: one resource; without the header it is the document of v1. */
const V2 = { 'OpenWOP-Version': '2.0' };

export interface HostOptions {
  readonly host: string;
  readonly grants?: readonly string[] | undefined;
  /** As in 2026-06-01. */
  readonly today: string;
}

const unreadable = (where: string, why: string): StandingError =>
  new StandingError('host_unreadable', `${where} is no discovery document of a host: ${why}.`);

const because = (error: unknown): never => {
  if (!(error instanceof TransportError)) throw error;
  if (error.code === 'address_invalid')
    throw new UsageError('--host is a file, or an http or https URL without credentials.');
  const url = String(error.details['url'] ?? '');
  throw new StandingError(
    'host_unreachable',
    `No discovery document from ${url}: ${error.message} Save it to a file and name that with --host.`,
  );
};

const urlOf = (text: string): URL => {
  try {
    return parseHttpUrl(text);
  } catch (error) {
    return because(error);
  }
};

const addressOf = (text: string): string => {
  const url = urlOf(text);
  if (url.pathname.includes('/.well-known/')) return `${url.origin}${url.pathname}`;
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}${WELL_KNOWN}`;
};

const parse = (bytes: Uint8Array, where: string): JsonObject => {
  const read = strictObjectOf(bytes);
  if (read.ok) return read.object;
  throw unreadable(where, `${read.problem.message} (byte ${read.problem.offset})`);
};

/** The token of the registry is not the host's to see. */
const ask = async (url: string, settings: Settings, identity: Readonly<Record<string, string>>) =>
  httpTransport({ registry: url, identity, allowPrivate: settings.allowPrivateAddresses })
    .get(url, { maxBytes: MAX_DOCUMENT, accept: 'application/json' })
    .catch(because);

const fetchDocument = async (url: string, settings: Settings): Promise<JsonObject> => {
  const newest = await ask(url, settings, V2);
  if (newest.status === 200) return parse(newest.body, url);
  const { status, body } = await ask(url, settings, {});
  if (status === 200) return parse(body, url);
  throw unreadable(url, `the host answered ${status}`);
};

const readWhole = async (path: string): Promise<Uint8Array> => {
  const file = await open(path, 'r');
  try {
    if ((await file.stat()).size > MAX_DOCUMENT)
      throw unreadable(path, `it has more than ${MAX_DOCUMENT} bytes`);
    return new Uint8Array(await file.readFile());
  } finally {
    await file.close();
  }
};

const viewOf = (read: ReadHost, where: string): HostView => {
  if (read.ok) return read.host;
  throw unreadable(where, `${read.message}${read.where === '' ? '' : ` (${read.where})`}`);
};

/** @throws StandingError, UsageError, TransportError */
export const hostOf = async (settings: Settings, { host, grants, today }: HostOptions): Promise<HostView> => {
  const strange = grants?.find((grant) => !isGrant(grant));
  if (strange !== undefined) throw new UsageError(`"${strange.slice(0, 60)}" is no word as in net.outbound.`);
  const isAddress = /^https?:\/\//i.test(host);
  const where = isAddress ? addressOf(host) : host;
  const document = isAddress ? await fetchDocument(where, settings) : parse(await readWhole(host), host);
  return viewOf(readHost({ document, grants, today }), where);
};
