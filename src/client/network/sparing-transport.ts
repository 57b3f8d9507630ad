// Asks a registry for little at once, and for no document twice within one piece of work.
import { type Reply, TransportError } from '../../network/transport-error.ts';
import type { GetRules, Transport } from './transport.ts';

/** Requests under way at once: enough to hide the way there and back, few enough for any registry. */
const AT_ONCE = 32;
/** Documents that are kept: lists and manifests, which one step after the other asks for. */
const KEPT_REPLY = 256 * 1024;
const KEPT_BYTES = 32 * 1024 * 1024;
const KEPT_TYPE = 'application/json';
const KEPT_STATUS: ReadonlySet<number> = new Set([200, 404, 410]);

/** Lets so many be under way; the others wait for their turn, in order. */
const gate = (width: number) => {
  const waiting: (() => void)[] = [];
  let free = width;
  const enter = (): Promise<void> | undefined => {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free -= 1;
    return undefined;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
};

/** Whoever comes second has bounds of his own. @throws TransportError too_large */
const within = (reply: Reply, { maxBytes }: GetRules): Reply => {
  if (reply.body.length > maxBytes) throw new TransportError('too_large', { maxBytes });
  return reply;
};

/**
 * Documents are kept up to a bound, as they were answered first, so that what was chosen and what is verified are judged by
 * the same words. Only for one piece of work: nothing in here grows old.
 */
export const sparingTransport = (through: Transport): Transport => {
  const kept = new Map<string, Promise<Reply>>();
  const inTurn = gate(AT_ONCE);
  let room = KEPT_BYTES;

  const forgetUnless = (url: string, reply: Reply): void => {
    const size = reply.body.length;
    if (KEPT_STATUS.has(reply.status) && size <= Math.min(KEPT_REPLY, room)) room -= size;
    else kept.delete(url);
  };
  const ask = (url: string, rules: GetRules): Promise<Reply> => inTurn(() => through.get(url, rules));
  const get: Transport['get'] = (url, rules) => {
    if (rules.accept !== KEPT_TYPE) return ask(url, rules);
    const before = kept.get(url);
    if (before !== undefined) return before.then((reply) => within(reply, rules));
    const asked = ask(url, rules);
    kept.set(url, asked);
    asked.then(
      (reply) => forgetUnless(url, reply),
      () => kept.delete(url),
    );
    return asked;
  };
  return { ...through, get };
};
