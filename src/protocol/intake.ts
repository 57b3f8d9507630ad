// A byte source that can be looked into before it is used, and given back what was not needed. Pure.
import { joinBytes } from './join-bytes.ts';

export interface Intake {
  /** Pulled, not used yet. Assign to it what is left over. */
  held: Uint8Array;
  /** True once the source has nothing beyond `held`. */
  readonly ended: boolean;
  /** Pulls until at least `bytes` are held or the source ends. */
  readonly gather: (bytes: number) => Promise<void>;
  /** Takes all that is held, or the next chunk; undefined at the end. Never an empty chunk. */
  readonly next: () => Promise<Uint8Array | undefined>;
  /** Lets go of the source, whether or not it was read to its end. */
  readonly close: () => Promise<void>;
}

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : joinBytes(parts);

export const openIntake = (source: AsyncIterable<Uint8Array>): Intake => {
  const chunks = source[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let ended = false;
  const gather = async (bytes: number): Promise<void> => {
    const parts = held.length > 0 ? [held] : [];
    for (let size = held.length; size < bytes && !ended; ) {
      const { done, value } = await chunks.next();
      if (done) ended = true;
      else parts.push(value);
      size += value?.length ?? 0;
    }
    held = joined(parts);
  };
  const take = (): Uint8Array | undefined => {
    const chunk = held;
    held = chunk.subarray(chunk.length);
    return chunk.length === 0 ? undefined : chunk;
  };
  return {
    get held() {
      return held;
    },
    set held(bytes) {
      held = bytes;
    },
    get ended() {
      return ended;
    },
    gather,
    next: async () => {
      if (held.length === 0) await gather(1);
      return take();
    },
    close: async () => {
      if (!ended) await chunks.return?.();
    },
  };
};
