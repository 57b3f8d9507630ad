// Makes the proofs that a log answers with, from hashes it knows.
import { foldHashes, inclusionNodes, type Node } from '../protocol/merkle.ts';
import { type Receipt, receiptUrl } from '../protocol/receipt.ts';
import { formatTlogProof } from '../protocol/tlog-proof.ts';
import type { LogNodes } from './log-nodes.ts';
import type { FoundEvent } from './log-store.ts';

/** A signed head, as far as proofs need it. */
export interface ProvenHead {
  readonly size: number;
  readonly checkpoint: string;
}

const hashOver = async (nodes: LogNodes, parts: readonly Node[], size: number): Promise<Uint8Array> =>
  foldHashes(await Promise.all(parts.map((node) => nodes.hashOf(node, size))));

/** The hashes beside the way from a leaf to the root of a tree of `size` leaves (RFC 9162 section 2.1.3). */
export const inclusionPath = (nodes: LogNodes, index: number, size: number): Promise<readonly Uint8Array[]> =>
  Promise.all(inclusionNodes(index, size).map((parts) => hashOver(nodes, parts, size)));

/** The bytes of a full event: what a leaf that only commits to it stands for, if the reader may see it. */
export const eventBytes = (
  { leaf, sealed }: Pick<FoundEvent, 'leaf' | 'sealed'>,
  open: boolean,
): Uint8Array => (open ? (sealed ?? leaf) : leaf);

/** C2SP tlog-proof@v1 of one event under one head. `open`: the reader may see what a sealed leaf commits to. */
export const proveEvent =
  (nodes: LogNodes) =>
  async (
    event: Pick<FoundEvent, 'leaf' | 'sealed'>,
    index: number,
    { size, checkpoint }: ProvenHead,
    open: boolean,
  ): Promise<string> =>
    formatTlogProof({
      extra: eventBytes(event, open),
      index,
      path: await inclusionPath(nodes, index, size),
      checkpoint,
    });

export const receiptOf = (eventId: string, index: number, proof: string): Receipt => ({
  eventId,
  index,
  proof,
  url: receiptUrl(eventId),
});
