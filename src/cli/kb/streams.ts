// Archives on their way to a registry and from it: never as a whole in memory, and nowhere but to its own address.
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import type { JsonObject } from '../../../keys/canonical.ts';
import { identityOf } from '../../client/knowledge/open-knowledge.ts';
import { registryBase } from '../../client/network/http-url.ts';
import { strictObjectOf } from '../../client/strict-object.ts';
import { TransportError } from '../../network/transport-error.ts';
import { requireGood } from '../ask.ts';
import type { Settings } from '../command.ts';
import type { AsOptions } from './registry.ts';

const PREFIX = '/knowledge/v1';

const headersOf = ({ token }: Settings, { as }: AsOptions): Record<string, string> => ({
  ...identityOf({ principal: as }),
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

const ask = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, { ...init, redirect: 'error' });
  } catch (error) {
    throw new TransportError('unreachable', { url, errno: String(error) }, error);
  }
};

const requireAnswer = async (url: string, response: Response): Promise<void> => {
  const { status, ok } = response;
  if (!ok) requireGood({ status, url, body: new Uint8Array(await response.arrayBuffer()) });
};

export interface Download {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Which version it says it is; undefined where it does not. */
  readonly version: string | undefined;
}

/** @throws RegistryFault, TransportError */
export const download = async (settings: Settings, options: AsOptions, path: string): Promise<Download> => {
  const url = registryBase(settings.url) + PREFIX + path;
  const response = await ask(url, { headers: headersOf(settings, options) });
  await requireAnswer(url, response);
  const version = response.headers.get('knowledge-base-version') ?? undefined;
  return { chunks: Readable.fromWeb(response.body as ReadableStream<Uint8Array>), version };
};

/** @throws RegistryFault, TransportError */
export const upload = async (
  settings: Settings,
  options: AsOptions,
  path: string,
  type: string,
  body: AsyncIterable<Uint8Array>,
): Promise<JsonObject> => {
  const url = registryBase(settings.url) + PREFIX + path;
  const headers = { ...headersOf(settings, options), 'content-type': type };
  // Readable.toWeb throws where nobody can catch it when the registry refuses before it has read everything.
  const stream = ReadableStream.from(body);
  // Node sends a stream only where it is told that the answer comes after it.
  const init = { method: 'POST', headers, body: stream, duplex: 'half' } as unknown as RequestInit;
  const response = await ask(url, init);
  await requireAnswer(url, response);
  const read = strictObjectOf(new Uint8Array(await response.arrayBuffer()));
  return read.ok ? read.object : {};
};
