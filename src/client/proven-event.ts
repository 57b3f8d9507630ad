// An event as it comes with a proof: read, opened, and found in the log under a head that is believed.
import { equalBytes, fromUtf8 } from '../../keys/bytes.ts';
import { KeyError } from '../../keys/errors.ts';
import { type OpenedEvent, openEvent } from '../protocol/event.ts';
import { LogError } from '../protocol/log-errors.ts';
import { hashLeaf, rootFromInclusion } from '../protocol/merkle.ts';
import { parseTlogProof, type TlogProof } from '../protocol/tlog-proof.ts';
import type { LogView } from './log-view.ts';
import { type Evidence, type Question, type Refusal, refusal } from './refusal.ts';

/** Which question an answer is needed for, and where it was read, for the evidence. */
export interface Asked {
  readonly question: Question;
  readonly path: string;
}

export const proofMalformed = ({ question, path }: Asked, reason: string, more: Evidence = {}): Refusal =>
  refusal(question, 'proof_malformed', { path, reason, ...more });

/** @throws Refusal `proof_malformed` */
export const readProof = (asked: Asked, text: string | Uint8Array): TlogProof => {
  try {
    return parseTlogProof(typeof text === 'string' ? text : (fromUtf8(text) ?? ''));
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw proofMalformed(asked, error.code, error.details);
  }
};

/** @throws Refusal `proof_malformed` */
export const openFull = (asked: Asked, bytes: Uint8Array): OpenedEvent => {
  try {
    return openEvent(bytes);
  } catch (error) {
    if (!(error instanceof KeyError || error instanceof RangeError)) throw error;
    throw proofMalformed(asked, error.message);
  }
};

/** The full event that travels with its proof. @throws Refusal `proof_malformed` */
export const openExtra = (asked: Asked, { extra }: TlogProof): OpenedEvent => {
  if (extra === undefined) throw proofMalformed(asked, 'no event');
  return openFull(asked, extra);
};

/** Gives the size of the tree that holds the leaf. @throws Refusal `leaf_not_included`; as `LogView.believe` */
export const requireIncluded = async (
  { question }: Asked,
  log: LogView,
  { index, path, checkpoint }: TlogProof,
  leaf: Uint8Array,
): Promise<number> => {
  const { size, root } = await log.believe(question, checkpoint);
  const found = rootFromInclusion({ index, size, leafHash: hashLeaf(leaf), path });
  if (found === undefined || !equalBytes(found, root))
    throw refusal(question, 'leaf_not_included', { index, size, hashes: path.length });
  return size;
};
