// Fetches the documents of one registry; every failure becomes a refusal of the question they were needed for.
import type { JsonObject } from '../../keys/canonical.ts';
import { type Reply, TransportError, type TransportErrorCode } from '../network/transport-error.ts';
import type { Transport } from './network/transport.ts';
import { type Question, type RefusalCode, refusal } from './refusal.ts';
import { strictObjectOf } from './strict-object.ts';

/** `path` is root-relative; an absent document (404 or 410) is undefined. All throw `Refusal` of the question. */
export interface RegistryReader {
  /** Without a trailing slash. */
  readonly base: string;
  readonly document: (question: Question, path: string, maxBytes: number) => Promise<JsonObject | undefined>;
  /** The same; of one that is absent, what the answer says of that, which nobody signed. */
  readonly documentOr: (
    question: Question,
    path: string,
    maxBytes: number,
    onAbsent: (fault: JsonObject) => void,
  ) => Promise<JsonObject | undefined>;
  readonly bytes: (question: Question, path: string, maxBytes: number) => Promise<Uint8Array | undefined>;
}

const REFUSAL_OF: Readonly<Record<TransportErrorCode, RefusalCode>> = {
  address_invalid: 'pack_registry_unreachable',
  unreachable: 'pack_registry_unreachable',
  interrupted: 'pack_registry_unreachable',
  too_slow: 'reply_too_slow',
  silent: 'reply_too_slow',
  too_large: 'reply_too_large',
  content_encoding: 'reply_encoded',
  redirect_unexpected: 'redirect_refused',
  redirect_limit: 'redirect_refused',
  redirect_scheme: 'redirect_refused',
  redirect_downgrade: 'redirect_refused',
  redirect_private: 'redirect_refused',
  not_bundled: 'bundle_incomplete',
};

const ABSENT: ReadonlySet<number> = new Set([404, 410]);
const DENIED: ReadonlySet<number> = new Set([401, 403]);

/** @throws Refusal of the question for what the network did; whatever else was thrown */
export const refusedBy = (question: Question, error: unknown): never => {
  if (!(error instanceof TransportError)) throw error;
  const evidence = { cause: error.code, ...error.details };
  throw refusal(question, REFUSAL_OF[error.code], evidence, error.message, error);
};

const bodyOf = (question: Question, reply: Reply): Uint8Array | undefined => {
  const { status, url, body } = reply;
  if (status === 200) return body;
  if (ABSENT.has(status)) return undefined;
  if (DENIED.has(status)) throw refusal(question, 'registry_denied', { url, status });
  throw refusal(question, 'pack_registry_unreachable', { url, status }, `The registry answered ${status}.`);
};

/** @throws Refusal `reply_malformed` of the question; `where` says which document it is */
export const readJsonObject = (question: Question, body: Uint8Array, where: string): JsonObject => {
  const read = strictObjectOf(body);
  if (!read.ok) throw refusal(question, 'reply_malformed', { where, ...read.problem });
  return read.object;
};

export const registryReader = (transport: Transport, base: string): RegistryReader => {
  const ask = (question: Question, path: string, maxBytes: number, accept: string): Promise<Reply> =>
    transport.get(base + path, { maxBytes, accept }).catch((error: unknown) => refusedBy(question, error));
  const fetch = async (question: Question, path: string, maxBytes: number, accept: string) =>
    bodyOf(question, await ask(question, path, maxBytes, accept));
  return {
    base,
    bytes: (question, path, maxBytes) => fetch(question, path, maxBytes, 'application/octet-stream, */*'),
    documentOr: async (question, path, maxBytes, onAbsent) => {
      const reply = await ask(question, path, maxBytes, 'application/json');
      const body = bodyOf(question, reply);
      const said = body === undefined ? strictObjectOf(reply.body) : undefined;
      if (said?.ok) onAbsent(said.object);
      return body && readJsonObject(question, body, path);
    },
    document: async (question, path, maxBytes) => {
      const body = await fetch(question, path, maxBytes, 'application/json');
      return body && readJsonObject(question, body, path);
    },
  };
};

/** Name resolution, slow drips, redirects, one document after the other: `deadline` ends it all. */
const inTime = async (reply: Promise<Reply>, url: string, deadline: number): Promise<Reply> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const tooSlow = () => reject(new TransportError('too_slow', { url, deadline: 'opening' }));
    timer = setTimeout(tooSlow, deadline - Date.now());
  });
  return Promise.race([reply, late]).finally(() => clearTimeout(timer));
};

/** A reader that asks nothing after `deadline` (milliseconds since 1970) and waits no longer for what it asked. */
export const readerUntil = (deadline: number, transport: Transport, base: string): RegistryReader => {
  const get: Transport['get'] = async (url, rules) => {
    if (Date.now() >= deadline) throw new TransportError('too_slow', { url, deadline: 'opening' });
    return inTime(transport.get(url, { ...rules, deadline }), url, deadline);
  };
  return registryReader({ ...transport, get }, base);
};
