// What every address of this room has in common: who acts, what came in, and how a write is answered.
import type { Context } from 'koa';
import { concatBytes, utf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { sha256 } from '../../../keys/hash.ts';
import { type Acting, nameOf, type WhoActs } from '../../access/workforces/acting.ts';
import { type JsonBody, takeBytes } from '../../http/body.ts';
import { REPLAY_HEADER } from '../../http/kept-answer.ts';
import { param } from '../../http/reply.ts';
import { type Cid, parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { fault } from '../../protocol/faults.ts';
import {
  type BaseId,
  baseOfContribution,
  type ContributionId,
  ownerOf,
  parseBaseId,
  parseContributionId,
  type Selector,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import { type KnowledgePath, parseKnowledgePath } from '../../protocol/knowledge-path.ts';
import { replyWithReceipt } from '../../transparency/receipt-reply.ts';
import type { Attempt, Written } from '../events/record.ts';
import { requireModest } from './modest-json.ts';

export interface AskingDeps {
  readonly whoActs: WhoActs;
}

const header = (ctx: Context, name: string): string | undefined => ctx.get(name) || undefined;

/** The owner of the base that an address names, or of the base of a contribution that it names. */
const workforceOf = (ctx: Context): WorkforceId | undefined => {
  const contribution = parseContributionId(param(ctx, 'id'));
  const base = contribution === undefined ? parseBaseId(param(ctx, 'kb')) : baseOfContribution(contribution);
  return base === undefined ? undefined : ownerOf(base);
};

export const whoAsks = async (
  the: AskingDeps,
  ctx: Context,
  scope: 'knowledge:read' | 'knowledge:write',
): Promise<Acting> => {
  const by = await the.whoActs(
    {
      authorization: ctx.headers.authorization,
      principal: header(ctx, 'Attestry-Principal'),
      traceparent: header(ctx, 'traceparent'),
      workforce: workforceOf(ctx),
    },
    scope,
  );
  ctx.state.actor = nameOf(by);
  ctx.set('Cache-Control', 'no-store');
  ctx.set('traceparent', by.trace.traceparent);
  return by;
};

/** Answers a read; `work` sets the body, or returns it. */
export const reading =
  (the: AskingDeps, work: (by: Acting, ctx: Context) => Promise<unknown>) =>
  async (ctx: Context): Promise<void> => {
    const by = await whoAsks(the, ctx, 'knowledge:read');
    const body = await work(by, ctx);
    if (body !== undefined) ctx.body = body;
  };

const KEY = /^[!-~]{1,128}$/;

/** @throws Fault validation_error for an Idempotency-Key that is none */
export const attemptOf = (by: Acting, ctx: Context, body: Uint8Array): Attempt => {
  const key = header(ctx, 'Idempotency-Key');
  if (key !== undefined && !KEY.test(key))
    throw fault(
      'validation_error',
      { header: 'Idempotency-Key' },
      'An Idempotency-Key has 1 to 128 visible characters.',
    );
  // An account may act as several principals, and what one of them did is not done for another.
  const address = utf8(`${by.id} ${ctx.method} ${ctx.path} ${header(ctx, 'If-Match') ?? ''}\n`);
  return { by, key, request: sha256(concatBytes(address, body)) };
};

export const answerWritten = (ctx: Context, written: Written<JsonObject>): void => {
  const receipt = replyWithReceipt(ctx, written, written.status);
  // The second is the name that the protocol gives it.
  if (written.repeated) ctx.set({ 'Idempotent-Replayed': 'true', [REPLAY_HEADER]: 'true' });
  ctx.body = { ...written.outcome, ...receipt };
};

export interface WritingOptions {
  /** Of the JSON body; 64 KiB unless told. */
  readonly maxBytes?: number;
}

/** Answers a write with a JSON body; who asks is looked at when all of it is there. */
export const writing =
  (
    the: AskingDeps,
    work: (attempt: Attempt, body: JsonBody, ctx: Context) => Promise<Written<JsonObject>>,
    { maxBytes }: WritingOptions = {},
  ) =>
  async (ctx: Context): Promise<void> => {
    // Memory for a large body is for those who are known; a small one costs less than finding out.
    if (maxBytes !== undefined) await whoAsks(the, ctx, 'knowledge:write');
    const body = await takeBytes(ctx, maxBytes);
    const by = await whoAsks(the, ctx, 'knowledge:write');
    if (maxBytes !== undefined) requireModest(body.bytes);
    answerWritten(ctx, await work(attemptOf(by, ctx, body.bytes), body.read(), ctx));
  };

/** @throws Fault invalid_knowledge_base_id */
export const baseParam = (ctx: Context): BaseId => {
  const text = param(ctx, 'kb');
  const base = parseBaseId(text);
  if (base === undefined) throw fault('invalid_knowledge_base_id', { found: text });
  return base;
};

/** @throws Fault contribution_not_found */
export const contributionParam = (ctx: Context): ContributionId => {
  const text = param(ctx, 'id');
  const id = parseContributionId(text);
  if (id === undefined) throw fault('contribution_not_found', { contribution_id: text });
  return id;
};

const tellContent = <T>(read: () => T, field: string): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw fault('validation_error', { field, problem: error.code, ...error.details }, error.message);
  }
};

/** @throws Fault validation_error */
export const cidOfText = (text: string, field: string): Cid => tellContent(() => parseCid(text), field);

/** @throws Fault validation_error */
export const pathOfText = (text: string, field = 'path'): KnowledgePath =>
  tellContent(() => parseKnowledgePath(text), field);

/** `current` or a version's content id. @throws Fault validation_error */
export const selectorOf = (text: string, field = 'version'): Selector =>
  text === 'current' ? 'current' : cidOfText(text, field);

/** A whole number out of the query. @throws Fault validation_error */
export const countOf = (ctx: Context, name: string, unless: number, most: number): number => {
  const text = ctx.query[name];
  if (text === undefined) return unless;
  const count = typeof text === 'string' && /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 0 && count <= most) return count;
  throw fault('validation_error', { field: name }, `${name} must be a whole number of at most ${most}.`);
};

/** A text out of the query. @throws Fault validation_error */
export const textOf = (ctx: Context, name: string, most = 4_096): string | undefined => {
  const text = ctx.query[name];
  if (text === undefined) return undefined;
  if (typeof text === 'string' && text.length <= most && !text.includes('\0')) return text;
  throw fault('validation_error', { field: name }, `${name} must be one text of at most ${most} characters.`);
};
