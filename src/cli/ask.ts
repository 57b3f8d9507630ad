// Asks the registry's own interface for things: JSON out, JSON back, its error envelope as an error.
import type { JsonObject } from '../../keys/canonical.ts';
import { httpTransport } from '../client/network/http-transport.ts';
import { registryBase } from '../client/network/http-url.ts';
import type { Transport } from '../client/network/transport.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import type { Reply } from '../network/transport-error.ts';
import { objectOf, textOf } from '../protocol/manifest/read.ts';
import type { Settings } from './command.ts';
import { RegistryFault } from './failure.ts';

export interface RegistryReply {
  readonly status: number;
  readonly body: JsonObject;
  /** Where the answer says that more is to be had. */
  readonly location: string | undefined;
}

type Headers = Readonly<Record<string, string>>;

export interface Registry {
  /** `path` is root-relative. @throws RegistryFault, TransportError */
  readonly ask: (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    headers?: Headers,
  ) => Promise<RegistryReply>;
  readonly put: (path: string, bytes: Uint8Array, headers: Headers) => Promise<RegistryReply>;
  /** Bytes, and not a document. @throws RegistryFault, TransportError */
  readonly fetch: (path: string, maxBytes: number) => Promise<Uint8Array>;
}

/** What is no JSON object says nothing that could be shown. */
const documentOf = ({ body }: Reply): JsonObject => {
  const read = strictObjectOf(body);
  return read.ok ? read.object : {};
};

const faultOf = (status: number, url: string, body: JsonObject): RegistryFault => {
  const message = textOf(body['message']) ?? `${url} answered ${status}, which is no answer of a registry.`;
  return new RegistryFault(
    status,
    textOf(body['error']) ?? 'unexpected_answer',
    message,
    objectOf(body['details']) ?? {},
  );
};

/** Addresses within the registry begin below its base address. */
const withBase = (base: string, location: string | undefined): string | undefined =>
  location?.startsWith('/') ? base + location : location;

/** @throws RegistryFault for an answer that is a refusal */
export const requireGood = (reply: Reply): void => {
  const { status, url } = reply;
  if (status < 200 || status >= 300) throw faultOf(status, url, documentOf(reply));
};

const answerOf = (base: string, reply: Reply): RegistryReply => {
  const body = documentOf(reply);
  const { status, location } = reply;
  requireGood(reply);
  return { status, body, location: withBase(base, location) };
};

/** @param identity more headers that say who asks */
export const registryOf = (settings: Settings, identity: Headers = {}): Registry => {
  const base = registryBase(settings.url);
  const transport: Transport = httpTransport({ registry: base, token: settings.token, identity });
  const json = { accept: 'application/json' };
  return {
    ask: async (method, path, body, headers = {}) => {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const type: Record<string, string> = bytes === undefined ? {} : { 'content-type': 'application/json' };
      return answerOf(
        base,
        await transport.send(method, base + path, bytes, { ...json, ...headers, ...type }),
      );
    },
    put: async (path, bytes, headers) =>
      answerOf(base, await transport.send('PUT', base + path, bytes, { ...json, ...headers })),
    fetch: async (path, maxBytes) => {
      const reply = await transport.get(base + path, { maxBytes });
      requireGood(reply);
      return reply.body;
    },
  };
};
