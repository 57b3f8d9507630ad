// Keeps the answers of a registry as they are given, and gives them again without asking anybody.

import { type Reply, TransportError } from '../../network/transport-error.ts';
import type { RecordedAnswer } from '../bundle.ts';
import type { GetRules, Transport } from './transport.ts';

const MAX_KEPT_BYTES = 64 * 1024 * 1024;

export const nothingIsSent: Transport['send'] = async (_method, url) => {
  throw new TransportError('not_bundled', { url });
};

export const pathOn = (base: string, url: string): string => {
  if (url.startsWith(`${base}/`)) return url.slice(base.length);
  throw new TransportError('not_bundled', { url });
};

/** The limits of whoever asks hold for kept answers too. */
export const replyOf = (url: string, { status, body }: RecordedAnswer, { maxBytes }: GetRules): Reply => {
  if (body.length > maxBytes) throw new TransportError('too_large', { url, maxBytes });
  return { status, url, body };
};

export interface Recording extends Transport {
  /** By path, in the order in which they were first asked for. */
  readonly answers: ReadonlyMap<string, RecordedAnswer>;
}

/** Asks for each path once; who asks again gets the same answer. @throws TransportError `too_large` in all */
export const recording = (transport: Transport, base: string): Recording => {
  const answers = new Map<string, RecordedAnswer>();
  let size = 0;
  const keep = (path: string, { status, body }: Reply): RecordedAnswer => {
    size += body.length;
    if (size > MAX_KEPT_BYTES) throw new TransportError('too_large', { maxBytes: MAX_KEPT_BYTES });
    // What an error page says is of no use to anybody; that there is nothing is.
    const answer = { status, body: status === 200 ? body : new Uint8Array() };
    answers.set(path, answer);
    return answer;
  };
  const get: Transport['get'] = async (url, rules) => {
    const path = pathOn(base, url);
    const answer = answers.get(path) ?? keep(path, await transport.get(url, rules));
    return replyOf(url, answer, rules);
  };
  return { get, send: nothingIsSent, answers };
};

/** Answers from a bundle and from nowhere else. */
export const replaying = (answers: ReadonlyMap<string, RecordedAnswer>, base: string): Transport => ({
  get: async (url, rules) => {
    const answer = answers.get(pathOn(base, url));
    if (answer === undefined) throw new TransportError('not_bundled', { url });
    return replyOf(url, answer, rules);
  },
  send: nothingIsSent,
});
