// Has the newest checkpoint cosigned by every witness, so that nobody can be shown a history that they have not seen.
import { formatWitnessVkey } from '../../../keys/key.ts';
import type { Sql } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { proveConsistency, type ReadTile } from '../../protocol/tiles.ts';
import type { Witness } from '../../protocol/witness.ts';
import type { AskWitness, WitnessAnswer } from './exchange.ts';
import {
  dropOldCosignatures,
  endTurn,
  insertCosignature,
  renewWitnessed,
  takeTurn,
} from './witness-store.ts';

/** The head that is shown to witnesses. */
export interface WitnessedHead {
  readonly size: number;
  /** The signed note. */
  readonly checkpoint: string;
}

export interface WitnessDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly witnesses: readonly Witness[];
  readonly newestHead: () => Promise<WitnessedHead | undefined>;
  readonly readTile: ReadTile;
  readonly ask: AskWitness;
  readonly log: WitnessLog;
}

export interface WitnessLog {
  readonly warn: (about: object, sentence: string) => void;
  /** For what must wake an operator. */
  readonly error: (about: object, sentence: string) => void;
}

/** Longer than any exchange and its one repetition; a process that died keeps nobody waiting for longer. */
const TURN_MS = 60_000;

const askFrom = async (
  the: WitnessDeps,
  witness: Witness,
  { size, checkpoint }: WitnessedHead,
  old: number,
): Promise<WitnessAnswer> => {
  const proof = await proveConsistency(old, size, the.readTile);
  return the.ask(witness, { old, proof, checkpoint });
};

/** What it saw last may not be what is remembered here: it says so, and is asked once more from there. */
const askTwice = async (
  the: WitnessDeps,
  witness: Witness,
  head: WitnessedHead,
  remembered: number,
): Promise<WitnessAnswer> => {
  const answer = await askFrom(the, witness, head, Math.min(remembered, head.size));
  if (answer.kind !== 'conflict' || answer.size > head.size) return answer;
  return askFrom(the, witness, head, answer.size);
};

const keep = (the: WitnessDeps, witness: string, { size, checkpoint }: WitnessedHead, line: string) =>
  inTransaction(the.sql, async (tx) => {
    await insertCosignature(tx, { witness, size, checkpoint, line });
    await dropOldCosignatures(tx);
  });

/** Two histories under one name are the worst there can be: every other answer is only a witness that does not help. */
const tell = (
  { log }: WitnessDeps,
  { vkey, url }: Witness,
  head: WitnessedHead,
  answer: WitnessAnswer,
): void => {
  const about = { witness: vkey.name, url, size: head.size, answer };
  if (answer.kind === 'fork')
    log.error(
      about,
      'FORK: a witness has seen another history of this log; publish nothing until it is explained',
    );
  else if (answer.kind === 'conflict' && answer.size > head.size)
    log.error(about, 'ROLLBACK: a witness has seen a larger log than this one; restore the newer database');
  else if (answer.kind === 'unknown')
    log.warn(about, 'a witness does not know this log or its key: register it there');
  else log.warn(about, 'a witness gave no cosignature; it is asked again');
};

const askOne = async (the: WitnessDeps, witness: Witness, head: WitnessedHead): Promise<void> => {
  const vkey = formatWitnessVkey(witness.vkey);
  const now = the.now();
  const seen = await takeTurn(the.sql, vkey, now, new Date(now.getTime() + TURN_MS));
  if (seen === undefined) return;
  try {
    if (seen === head.size) return;
    const answer = await askTwice(the, witness, head, seen);
    if (answer.kind === 'cosigned') await keep(the, vkey, head, answer.line);
    else tell(the, witness, head, answer);
  } finally {
    await endTurn(the.sql, vkey, the.now());
  }
};

/** One turn: each witness is asked about the newest head, unless it has signed it; one that fails costs no other. */
export const askWitnesses = (the: WitnessDeps) => async (): Promise<void> => {
  if (the.witnesses.length === 0) return;
  const head = await the.newestHead();
  if (head === undefined || head.size === 0) return;
  await renewWitnessed(the.sql, head.size, head.checkpoint);
  const turns = await Promise.allSettled(the.witnesses.map((witness) => askOne(the, witness, head)));
  for (const turn of turns) if (turn.status === 'rejected') throw turn.reason;
};
