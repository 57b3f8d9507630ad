// Carries out a write that came with an Idempotency-Key once, and answers it the same whenever it is sent again.
import { createHash, randomUUID } from 'node:crypto';
import type { Context, Middleware, Next } from 'koa';
import { type FaultCode, fault } from '../protocol/faults.ts';
import { type HashedBody, hashBody, readAhead } from './hashed-body.ts';
import { type KeptAnswer, keepable, replay } from './kept-answer.ts';
import { tooMany } from './too-many.ts';

/** Who sends a write. */
export interface Sender {
  readonly tenant: string;
  /** What the token may do: an answer is given again only to whoever may do the same. */
  readonly powers: string;
}

/** Digests of 32 bytes, but for the account: neither the key nor what was asked can be read out of them. */
export interface KeyedRequest {
  readonly id: Uint8Array;
  /** Whose share of what is kept it takes. */
  readonly account: string;
  readonly head: Uint8Array;
  /** Undefined while the body is still coming. */
  readonly body: Uint8Array | undefined;
}

export type Claim =
  | { readonly state: 'claimed' }
  /** The account holds as many as it may. */
  | { readonly state: 'full'; readonly most: number }
  | { readonly state: 'pending'; readonly head: Uint8Array; readonly body: Uint8Array | null }
  | {
      readonly state: 'completed';
      readonly head: Uint8Array;
      readonly body: Uint8Array;
      readonly answer: KeptAnswer;
    };

/** Remembers for a day at least. Each step is one statement, and fails where another owner has taken over. */
export interface KeyedRequests {
  /** Takes a key that is free, or whose owner's lease has ended, in one step whatever others do. */
  claim(request: KeyedRequest, owner: string, leaseMs: number): Promise<Claim>;
  renew(id: Uint8Array, owner: string, leaseMs: number): Promise<unknown>;
  complete(id: Uint8Array, owner: string, body: Uint8Array, answer: KeptAnswer): Promise<unknown>;
  /** As if it had never been sent. */
  release(id: Uint8Array, owner: string): Promise<unknown>;
}

export interface IdempotencyDeps {
  /** Undefined for whoever is not believed, whom the route itself refuses. */
  readonly whoSends: (authorization: string | undefined) => Promise<Sender | undefined>;
  readonly requests: KeyedRequests;
  /** Whether the writes of an address are kept here; others may remember their own. */
  readonly covers: (path: string) => boolean;
  /** Whether an answer shows what is shown once. */
  readonly isSecret: (answer: string) => boolean;
  /** Hears of a record that could not be written; the answer counts all the same. */
  readonly onTrouble: (error: unknown) => void;
  /** Milliseconds until somebody else may carry out what its owner left. */
  readonly leaseMs: number;
}

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const KEY = /^[!-~]{1,255}$/;

/** @throws Fault idempotency_key_invalid */
const keyOf = (ctx: Context): string | undefined => {
  const key = ctx.headers['idempotency-key'];
  if (key === undefined || !WRITES.has(ctx.method)) return undefined;
  if (typeof key === 'string' && KEY.test(key)) return key;
  throw fault('idempotency_key_invalid');
};

const digest = (parts: readonly string[]): Uint8Array =>
  createHash('sha256').update(JSON.stringify(parts)).digest();

/** One spelling of an address, however it was escaped. */
const canonicalPath = (path: string): string => {
  try {
    return path
      .split('/')
      .map((part) => encodeURIComponent(decodeURIComponent(part)))
      .join('/');
  } catch {
    return path;
  }
};

/** Headers that change what is asked. */
const TELLING = [
  'content-type',
  'if-match',
  'x-pack-sha256',
  'attestry-release-statement',
  'attestry-principal',
] as const;

const keyed = (ctx: Context, by: Sender, key: string, body: Uint8Array | undefined): KeyedRequest => ({
  id: digest([by.tenant, ctx.method, canonicalPath(ctx.path), key]),
  account: by.tenant,
  head: digest([by.powers, ctx.querystring, ...TELLING.map((name) => ctx.get(name))]),
  body,
});

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.from(one).equals(other);

/** While it works nobody else takes over, however long it takes. */
const keepingLease = async <T>(
  the: IdempotencyDeps,
  id: Uint8Array,
  owner: string,
  work: () => Promise<T>,
) => {
  const renewal = setInterval(
    () => void the.requests.renew(id, owner, the.leaseMs).catch(the.onTrouble),
    the.leaseMs / 3,
  ).unref();
  try {
    return await work();
  } finally {
    clearInterval(renewal);
  }
};

/**
 * What the route commits stands before its record is completed. Where the process dies in between, the lease ends and
 * the same request is carried out again: writes here therefore change nothing when they are done already, or say that
 * they are, but for a token, of which there is then one more that nobody has seen.
 */
const carryOut = async (
  the: IdempotencyDeps,
  ctx: Context,
  { id }: KeyedRequest,
  owner: string,
  body: HashedBody,
  next: Next,
): Promise<void> => {
  await keepingLease(the, id, owner, next);
  const answer = keepable(ctx, the.isSecret);
  const seen = answer === undefined ? undefined : await body.digest().catch(() => undefined);
  const record =
    answer === undefined || seen === undefined
      ? the.requests.release(id, owner)
      : the.requests.complete(id, owner, seen, answer);
  await record.catch(the.onTrouble);
};

const refuse = (code: FaultCode): never => {
  throw fault(code);
};

const FULL_WAIT_MS = 3_600_000;

const refuseMore = (ctx: Context, limit: number): never => {
  const says = `This account sent ${limit} writes with an Idempotency-Key within a day: send it without one, or later.`;
  throw tooMany(ctx, FULL_WAIT_MS, { scope: 'key', limit }, says);
};

const answerAgain = async (ctx: Context, claim: Claim, request: KeyedRequest, body: HashedBody) => {
  if (claim.state === 'full') return refuseMore(ctx, claim.most);
  if (claim.state === 'claimed' || !same(claim.head, request.head)) return refuse('idempotency_key_mismatch');
  const known = claim.body;
  if (claim.state === 'pending') {
    const differs = known !== null && request.body !== undefined && !same(known, request.body);
    return refuse(differs ? 'idempotency_key_mismatch' : 'idempotency_in_flight');
  }
  const sent = request.body ?? (await body.readOut());
  if (sent === undefined || !same(claim.body, sent)) return refuse('idempotency_key_mismatch');
  replay(ctx, claim.answer);
};

/** Stands in front of the routes, and behind what limits how often one may ask. */
export const idempotency =
  (the: IdempotencyDeps): Middleware =>
  async (ctx, next) => {
    const key = keyOf(ctx);
    if (key === undefined || !the.covers(ctx.path)) return next();
    const by = await the.whoSends(ctx.headers.authorization);
    if (by === undefined) return next();
    await readAhead(ctx);
    const body = hashBody(ctx);
    const [request, owner] = [keyed(ctx, by, key, body.known), randomUUID()];
    const claim = await the.requests.claim(request, owner, the.leaseMs);
    if (claim.state === 'claimed') await carryOut(the, ctx, request, owner, body, next);
    else await answerAgain(ctx, claim, request, body);
  };
