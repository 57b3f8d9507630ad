// What a writer gets back: the place of its event in the log, and the proof that it stands there. Pure.
import type { JsonObject } from '../../keys/canonical.ts';

/** `proof` is a C2SP tlog-proof@v1 whose extra line holds the full event; `url` answers with this receipt again. */
export interface Receipt {
  readonly eventId: string;
  /** The leaf's position, counted from 0. */
  readonly index: number;
  readonly proof: string;
  readonly url: string;
}

export const receiptUrl = (eventId: string): string => `/transparency/receipts/${eventId}`;

export const receiptJson = ({ eventId, index, proof, url }: Receipt): JsonObject => ({
  eventId,
  index,
  proof,
  url,
});
