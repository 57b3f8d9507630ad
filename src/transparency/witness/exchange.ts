// Asks one witness for its cosignature over HTTP (C2SP tlog-witness): bounded in time and bytes, whatever it answers.
import { encodeHex } from '../../../keys/bytes.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { formatNote, parseNote, verifyCosignature } from '../../protocol/signed-note.ts';
import { type AddCheckpoint, addCheckpointBody, readSize, type Witness } from '../../protocol/witness.ts';

/** What came of asking. `conflict`: the witness last saw a tree of another size than was said. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly line: string }
  | { readonly kind: 'conflict'; readonly size: number }
  /** It saw another history of this log. */
  | { readonly kind: 'fork'; readonly body: string }
  /** It does not know this log (404), or not its key (403). */
  | { readonly kind: 'unknown'; readonly status: number }
  /** It answered what no honest witness answers, or not at all. */
  | { readonly kind: 'failed'; readonly reason: string };

export type AskWitness = (witness: Witness, asked: AddCheckpoint) => Promise<WitnessAnswer>;

const MAX_ANSWER_BYTES = 16 * 1024;

class TooLong extends Error {
  override readonly name = 'TooLong';
}

const textOf = async (reply: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of reply.body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new TooLong(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** The one line of that witness, if it holds over this very checkpoint. @throws LogError */
const lineIn = ({ vkey }: Witness, checkpoint: string, answer: string): string => {
  const { text, signatures } = parseNote(checkpoint);
  const lines = answer.split('\n').filter((line) => line !== '');
  const note = parseNote(formatNote(text, [...signatures.map(({ line }) => line), ...lines]));
  const own = note.signatures.filter(
    ({ name, id }) => name === vkey.name && encodeHex(id) === encodeHex(vkey.id),
  );
  const [first] = own;
  if (first === undefined || verifyCosignature(note, vkey) === undefined)
    throw new LogError('note_unsigned', { name: vkey.name });
  return first.line;
};

const cosigned = (witness: Witness, checkpoint: string, body: string): WitnessAnswer => {
  try {
    return { kind: 'cosigned', line: lineIn(witness, checkpoint, body) };
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { kind: 'failed', reason: `its cosignature does not hold (${error.code})` };
  }
};

const read = async (witness: Witness, asked: AddCheckpoint, reply: Response): Promise<WitnessAnswer> => {
  const { status } = reply;
  const body = await textOf(reply);
  if (status === 200) return cosigned(witness, asked.checkpoint, body);
  if (status === 422) return { kind: 'fork', body: body.slice(0, 500) };
  if (status === 403 || status === 404) return { kind: 'unknown', status };
  const size = status === 409 ? readSize(body) : undefined;
  return size === undefined
    ? { kind: 'failed', reason: `it answered ${status}` }
    : { kind: 'conflict', size };
};

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
};

/** Never rejects for what a witness does. @param timeoutMs for the whole exchange. */
export const askWitness =
  (timeoutMs: number): AskWitness =>
  async (witness, asked) => {
    const init = { method: 'POST', body: addCheckpointBody(asked), redirect: 'manual' } as const;
    const quit = new AbortController();
    const late = setTimeout(() => quit.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const reply = await fetch(`${witness.url}/add-checkpoint`, { ...init, signal: quit.signal });
      return await read(witness, asked, reply);
    } catch (error) {
      return { kind: 'failed', reason: reasonOf(error) };
    } finally {
      clearTimeout(late);
      // Whatever of the answer is still under way is of no more use.
      quit.abort();
    }
  };
