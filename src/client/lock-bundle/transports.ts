// Asks registries and keeps what they answer, or asks a bundle and nobody else.

import { TransportError } from '../../network/transport-error.ts';
import type { RecordedAnswer } from '../bundle.ts';
import { nothingIsSent, pathOn, replyOf } from '../network/recorded-transport.ts';
import type { Transport } from '../network/transport.ts';
import { MAX_ANSWER_BYTES } from './format.ts';

type ReadAnswer = (base: string, path: string) => Promise<RecordedAnswer | undefined>;

interface Keeper {
  readonly read: ReadAnswer;
  readonly keep: (base: string, path: string, answer: RecordedAnswer) => Promise<RecordedAnswer>;
}

/** Asks for each path once; who asks again gets the same answer. */
export const keeping = (transport: Transport, base: string, { read, keep }: Keeper): Transport => ({
  get: async (url, rules) => {
    const path = pathOn(base, url);
    const kept = await read(base, path);
    if (kept !== undefined) return replyOf(url, kept, rules);
    const { status, body } = await transport.get(url, rules);
    if (body.length > MAX_ANSWER_BYTES)
      throw new TransportError('too_large', { url, maxBytes: MAX_ANSWER_BYTES });
    // What an error page says is of no use to anybody; that there is nothing is.
    const answer = { status, body: status === 200 ? body : new Uint8Array() };
    return replyOf(url, await keep(base, path, answer), rules);
  },
  send: nothingIsSent,
});

/** Answers from a bundle and from nowhere else. */
export const answering = (base: string, read: ReadAnswer): Transport => ({
  get: async (url, rules) => {
    const answer = await read(base, pathOn(base, url));
    if (answer === undefined) throw new TransportError('not_bundled', { url });
    return replyOf(url, answer, rules);
  },
  send: nothingIsSent,
});
