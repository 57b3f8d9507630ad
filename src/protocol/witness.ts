// What a log and a witness say to each other (C2SP tlog-witness), and how witnesses are listed (C2SP tlog-policy). Pure.
import { decodeBase64, encodeBase64 } from '../../keys/bytes.ts';
import { KeyError } from '../../keys/errors.ts';
import { parseWitnessVkey, type WitnessVkey } from '../../keys/key.ts';
import { LogError } from './log-errors.ts';
import { HASH_BYTES } from './merkle.ts';

/** A witness that a log asks for its cosignature. */
export interface Witness {
  readonly vkey: WitnessVkey;
  /** Where `add-checkpoint` is, without a slash at the end. */
  readonly url: string;
}

/** C2SP tlog-witness: proofs are never longer than a tree can be high. */
export const MAX_WITNESS_PROOF = 63;
/** The media type of an answer 409, whose body is a size in decimal. */
export const SIZE_TYPE = 'text/x.tlog.size';

const isHttpUrl = (text: string): boolean =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);

const readLine = (line: string): Witness | string => {
  const [text = '', url = '', ...more] = line.split(/\s+/);
  if (url === '') return `"${line.slice(0, 100)}" names no address: write the vkey, a blank and a URL`;
  if (more.length > 0 || !isHttpUrl(url)) return `"${line.slice(0, 100)}" is no vkey and address`;
  try {
    return { vkey: parseWitnessVkey(text), url: url.replace(/\/+$/, '') };
  } catch (error) {
    if (error instanceof KeyError) return `"${text.slice(0, 100)}": ${error.message}`;
    throw error;
  }
};

const repeated = (witnesses: readonly Witness[]): readonly string[] => {
  const keys = witnesses.map(({ vkey }) => encodeBase64(vkey.publicKey));
  return witnesses.filter((_, at) => keys.indexOf(keys[at] ?? '') < at).map(({ vkey }) => vkey.name);
};

/** `vkey url` pairs, one to a line or separated by commas; everything that is wrong with them at once. */
export const readWitnesses = (
  text: string,
): { readonly witnesses: readonly Witness[]; readonly problems: readonly string[] } => {
  const lines = text.split(/[\n,]/).map((line) => line.trim());
  const read = lines.filter((line) => line !== '').map(readLine);
  const witnesses = read.filter((each) => typeof each !== 'string');
  const twice = repeated(witnesses).map((name) => `${name}: the key of another witness`);
  return { witnesses, problems: [...read.filter((each) => typeof each === 'string'), ...twice] };
};

/** What is asked of a witness that last saw a tree of `old` leaves. */
export interface AddCheckpoint {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  /** The signed note. */
  readonly checkpoint: string;
}

export const addCheckpointBody = ({ old, proof, checkpoint }: AddCheckpoint): string =>
  `old ${old}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint}`;

const malformed = (where: string, found: string): never => {
  throw new LogError('note_form', { where, found: found.slice(0, 200) });
};

/** A size in decimal, as witnesses write it; undefined for any other text. */
export const readSize = (text: string): number | undefined => {
  const size = /^(0|[1-9]\d{0,15})\n?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : undefined;
};

/** @throws LogError `note_form` */
export const parseAddCheckpoint = (body: string): AddCheckpoint => {
  const end = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
  const old = readSize(first.startsWith('old ') ? first.slice(4) : '') ?? malformed('old', first);
  if (lines.length > MAX_WITNESS_PROOF) malformed('proof', String(lines.length));
  const proof = lines.map((line) => {
    const hash = decodeBase64(line);
    return hash?.length === HASH_BYTES ? hash : malformed('proof', line);
  });
  return { old, proof, checkpoint: body.slice(end + 2) };
};
