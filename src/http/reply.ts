// What every route does to answer: a document, a field of the address, the one envelope of refusals.
import type { Context } from 'koa';
import { type Fault, onWire } from '../protocol/faults.ts';
import { type Document, sendDocument } from './document.ts';
import { treeOf } from './tree.ts';

/** Answers with a document that was made before, past Koa's own way of writing bodies. */
export const replyWith = (ctx: Context, document: Document): void => {
  ctx.respond = false;
  ctx.status = sendDocument(ctx.req, ctx.res, document, String(ctx.state.requestId));
};

/** A field of the address; empty where the route has none of that name. */
export const param = (ctx: Context, name: string): string => String(ctx.params[name] ?? '');

/** The closed envelope {error, message, details} and its status, in the tree that the path speaks. */
export const faultBody = (problem: Fault, path: string, requestId: string) => {
  const { status, error } = onWire(problem.code, treeOf(path));
  const reason = error === problem.code ? {} : { reason: problem.code };
  const details = { ...problem.details, ...reason, correlationId: requestId };
  return { status, body: { error, message: problem.message, details } };
};
