// Answers from an export, and asks nobody else: what is not in it is not there.

import { TransportError } from '../../network/transport-error.ts';
import { nothingIsSent, pathOn, replyOf } from '../network/recorded-transport.ts';
import type { Transport } from '../network/transport.ts';
import type { ExportFile } from './open-export.ts';

/** What follows from the rest of the file, by path; undefined for what does not. */
export type Derive = (path: string) => Promise<Uint8Array | undefined>;

const NOT_THERE = { status: 404, body: new Uint8Array() };

export const exportTransport = (file: ExportFile, derive: Derive): Transport => ({
  get: async (url, rules) => {
    const path = pathOn(file.head.registry, url);
    const { maxBytes } = rules;
    if ((file.sizeOf(path) ?? 0) > maxBytes) throw new TransportError('too_large', { url, maxBytes });
    const body = (await file.read(path)) ?? (await derive(path));
    return replyOf(url, body === undefined ? NOT_THERE : { status: 200, body }, rules);
  },
  send: nothingIsSent,
});
