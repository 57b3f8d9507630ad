// Takes the digest of a body without holding more of it than a small one.
import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { fault } from '../protocol/faults.ts';
import { hasBody, JSON_PACE, MAX_JSON_BYTES } from './body.ts';
import { atLeast } from './steady.ts';

export interface HashedBody {
  /** Of a body that is here already. */
  readonly known: Uint8Array | undefined;
  /** When the route has answered: undefined where it left more of the body than is read for nothing. */
  digest(): Promise<Uint8Array | undefined>;
  /** Instead of the route: undefined where the body is longer than any that is taken. */
  readOut(): Promise<Uint8Array | undefined>;
}

const MOST_BYTES = 64 * 1024 * 1024;
const PACE = { graceMs: 10_000, bytesPerSecond: 16 * 1024 };

const EMPTY = createHash('sha256').digest();
const ahead = new WeakMap<Context['req'], Uint8Array>();

const isSmall = ({ headers }: Context['req']): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) <= MAX_JSON_BYTES;

/** From now on whoever reads the request reads this. */
const replaceBody = (req: Context['req'], source: () => AsyncIterator<Uint8Array>): void => {
  Object.defineProperty(req, Symbol.asyncIterator, { value: source, configurable: true });
};

/** A small body is waited for before anything is claimed for it: it may come slowly, or never. */
export const readAhead = async (ctx: Context): Promise<void> => {
  const { req } = ctx;
  if (!hasBody(req) || !isSmall(req)) return;
  const chunks: Uint8Array[] = [];
  for await (const chunk of atLeast(ctx.state.jsonPace ?? JSON_PACE, req)) chunks.push(chunk);
  if (!req.complete) throw fault('invalid_body', {}, 'The upload was broken off.');
  const bytes = Buffer.concat(chunks);
  ahead.set(req, createHash('sha256').update(bytes).digest());
  replaceBody(req, async function* () {
    if (bytes.length > 0) yield bytes;
  });
};

export const hashBody = ({ req }: Context): HashedBody => {
  const known = hasBody(req) ? ahead.get(req) : EMPTY;
  if (known !== undefined) return { known, digest: async () => known, readOut: async () => known };
  const hash = createHash('sha256');
  const source = req[Symbol.asyncIterator].bind(req);
  let [size, ended] = [0, false];
  const passing = async function* () {
    for await (const chunk of { [Symbol.asyncIterator]: source }) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk as Uint8Array;
    }
    ended = true;
  };
  replaceBody(req, passing);
  return {
    known: undefined,
    digest: async () => (ended ? hash.digest() : undefined),
    readOut: async () => {
      for await (const _ of atLeast(PACE, req)) if (size > MOST_BYTES) return undefined;
      return hash.digest();
    },
  };
};
