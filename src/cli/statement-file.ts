// The release statement beside a tarball: written when it is packed, read when it is published.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import type { Signer } from '../../keys/signer.ts';
import { digestOf } from '../../storage/digest.ts';
import { describeRelease, requireAgreement } from '../protocol/release.ts';
import {
  parseReleaseStatement,
  RELEASE_PAYLOAD_TYPE,
  releaseStatementPayload,
} from '../protocol/statement.ts';
import { parseStatementEnvelope, writeStatementHeader } from '../protocol/statement-envelope.ts';
import { StatementError } from '../protocol/statement-errors.ts';

const statementFileOf = (tarball: string): string => `${tarball}.intoto.json`;

export interface PackedTarball {
  readonly bytes: Uint8Array;
  readonly manifestBytes: Uint8Array;
}

/**
 * What the tarball's signer states about it, beside it; nothing stays there that another signer stated before.
 * @returns where it was written, or null where nobody signs.
 */
export const writeStatement = async (
  file: string,
  { bytes, manifestBytes }: PackedTarball,
  signer: Signer | undefined,
  source: string | undefined,
): Promise<string | null> => {
  const path = statementFileOf(file);
  await rm(path, { force: true });
  if (signer === undefined) return null;
  const release = describeRelease(digestOf(bytes), manifestBytes);
  const payload = releaseStatementPayload({ ...release, ...(source === undefined ? {} : { source }) });
  const envelope = await signEnvelope({ payloadType: RELEASE_PAYLOAD_TYPE, payload }, [signer]);
  await writeFile(path, `${envelopeText(envelope)}\n`);
  return path;
};

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });

/** What `--statement FILE` and `--no-statement` leave: a file that must be there, none, or the usual one if it is. */
export type StatementChoice = string | false | undefined;

/**
 * The header that carries the statement of a tarball; undefined where there is none to send.
 * @throws StatementError where it is about another tarball, so that nothing is sent in vain.
 */
export const statementHeader = async (
  file: string,
  { bytes, manifestBytes }: PackedTarball,
  choice: StatementChoice,
): Promise<string | undefined> => {
  if (choice === false) return undefined;
  const text =
    choice === undefined ? await readIfThere(statementFileOf(file)) : await readFile(choice, 'utf8');
  if (text === undefined) return undefined;
  const envelope = parseStatementEnvelope(text);
  if (envelope.payloadType !== RELEASE_PAYLOAD_TYPE) throw new StatementError('payload_type');
  requireAgreement(parseReleaseStatement(envelope.payload), describeRelease(digestOf(bytes), manifestBytes));
  return writeStatementHeader(envelope);
};
