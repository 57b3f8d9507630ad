// How every write answers: with its receipt, or with the address where that will be.
import type { Context } from 'koa';
import type { JsonObject } from '../../keys/canonical.ts';
import { type Receipt, receiptJson, receiptUrl } from '../protocol/receipt.ts';
import type { ProvableEvent } from './receipts.ts';

/** What a write leaves behind; no event where nothing was ever written. */
export interface Witnessed {
  readonly event: ProvableEvent | string | undefined;
  /** Undefined where the seal is late: the fact stands all the same. */
  readonly receipt: Receipt | undefined;
}

/** Sets the status, 202 and the receipt's address where the seal is late; returns what the body tells of it. */
export const replyWithReceipt = (
  ctx: Context,
  { event, receipt }: Witnessed,
  status: number,
): { readonly receipt: JsonObject | null } => {
  const late = event !== undefined && receipt === undefined;
  ctx.status = late ? 202 : status;
  if (late) ctx.set('Location', receiptUrl(typeof event === 'string' ? event : event.id));
  return { receipt: receipt === undefined ? null : receiptJson(receipt) };
};
