// Takes no body that trickles: whoever sends slower than anybody's line holds what others are waiting for.
import { type Fault, fault } from '../protocol/faults.ts';

/** After the first moments at least so many bytes a second must have come, over all the time that was waited for them. */
export interface Pace {
  readonly graceMs: number;
  readonly bytesPerSecond: number;
}

const tooSlow = ({ bytesPerSecond }: Pace, received: number): Fault => {
  const message = `The upload is too slow: it has to keep up ${bytesPerSecond} bytes a second.`;
  return fault('invalid_body', { bytesPerSecond, received }, message);
};

/** Waits no longer than that; what is still awaited then may fail unheard, as it does when the connection ends. */
const within = async <T>(ms: number, waited: Promise<T>, late: () => Fault): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([waited, expiry]);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * The same chunks, as long as they keep the pace. Only the waiting is measured: what the reader takes for himself is not
 * the sender's fault.
 * @throws Fault invalid_body at the moment at which the pace is missed
 */
export async function* atLeast(pace: Pace, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let [received, waitedMs, isWaiting] = [0, 0, false];
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    const mayWait = Math.max(pace.graceMs, (received / pace.bytesPerSecond) * 1_000) - waitedMs;
    const started = performance.now();
    isWaiting = true;
    const waited = chunks.next();
    waited.catch(() => undefined);
    const result = await within(mayWait, waited, () => tooSlow(pace, received));
    isWaiting = false;
    waitedMs += performance.now() - started;
    return result;
  };
  try {
    for (let each = await next(); !each.done; each = await next()) {
      received += each.value.length;
      yield each.value;
    }
  } finally {
    // Asked to end while it waits, a stream would not answer before its next chunk.
    if (!isWaiting) await chunks.return?.();
  }
}
