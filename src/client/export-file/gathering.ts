// What is gathered for an export: the documents as they were answered last, and which tarballs go with them.
import type { Digest } from '../../../storage/digest.ts';
import { nothingIsSent, pathOn } from '../network/recorded-transport.ts';
import type { Transport } from '../network/transport.ts';
import type { DocumentSpool } from './document-spool.ts';

export interface ExportProgress {
  readonly step: 'entries' | 'packs' | 'files';
  readonly done: number;
  readonly of: number;
}

export interface Gathered {
  /** What the log says of its bytes; undefined where there is no log. */
  readonly tarballs: ReadonlyMap<string, Digest | undefined>;
  readonly packs: number;
  /** Undefined where the registry keeps no log. */
  readonly log: { readonly size: number; readonly root: string } | undefined;
}

/** Documents asked for at once. */
export const LANES = 4;

const ABSENT: ReadonlySet<number> = new Set([404, 410]);

/** Asks, and keeps what was answered; what is not there any more is not kept either. */
export const keepingLatest = (
  transport: Transport,
  base: string,
  { put, drop }: DocumentSpool,
): Transport => ({
  get: async (url, rules) => {
    const reply = await transport.get(url, rules);
    const path = pathOn(base, url);
    if (reply.status === 200) await put(path, reply.body);
    else if (ABSENT.has(reply.status)) drop(path);
    return reply;
  },
  send: nothingIsSent,
});
