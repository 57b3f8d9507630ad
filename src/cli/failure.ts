// Turns whatever went wrong into a sentence that names the cure, a JSON form, and an exit code.
import { KeyError } from '../../keys/errors.ts';
import { PolicyInvalid, problemLine } from '../client/policy/policy-invalid.ts';
import { QUESTIONS, Refusal } from '../client/refusal.ts';
import { RequestInvalid } from '../client/request-invalid.ts';
import { TransportError } from '../network/transport-error.ts';
import { Fault } from '../protocol/faults.ts';
import { StatementError } from '../protocol/statement-errors.ts';
import { counted } from './count.ts';
import { cureOfDetails, cureOfRefusal, curesOf } from './cures.ts';
import { type Details, evidenceLines, violationCodes } from './evidence.ts';

/** The command was not used as it is meant to be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was used well, and something else stands now than it takes for granted. */
export class StandingError extends Error {
  override readonly name = 'StandingError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The registry answered with its error envelope. */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault';
  readonly status: number;
  readonly code: string;
  readonly details: Details;

  constructor(status: number, code: string, message: string, details: Details) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export interface Failure {
  readonly exitCode: 1 | 2;
  readonly lines: readonly [string, ...string[]];
  readonly json: Details;
}

/**
 * `message` in the JSON form is the first line, unless `more` has another; where it has no `cure`, that sentence is the
 * cure as well.
 */
export const failed = (code: string, lines: Failure['lines'], more: Details = {}): Failure => {
  const { message = lines[0], cure = message } = more;
  return { exitCode: 1, lines, json: { ok: false, error: code, ...more, message, cure } };
};

const misused = (code: string, line: string): Failure => ({ ...failed(code, [line]), exitCode: 2 });

/** Nothing where there are none, so that the sentence stands for them. */
const cureMember = (cures: readonly string[]): Details =>
  cures.length === 0 ? {} : { cure: cures.join(' ') };

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

const refused = ({ question, code, message, evidence }: Refusal): Failure => {
  const first = [`Refused: ${message}`, `  ✗ ${QUESTIONS[question]}`, `  code: ${code}`] as const;
  const { remembered } = evidence;
  const cure = cureOfRefusal(code, evidence);
  const cures = [
    cure,
    ...(remembered === undefined
      ? []
      : [`Only if you know that this registry was set up anew: remove ${String(remembered)}`]),
  ];
  const lines = [...first, ...evidenceLines(evidence), ...indented(cures)] as const;
  return failed(code, lines, { message, question, evidence, ...cureMember(cures) });
};

const curesFor = (code: string, status: number, details: Details): readonly string[] => {
  const known = cureOfDetails(code, details);
  if (known !== undefined) return [known];
  const precise = curesOf([...violationCodes(details), String(details['reason'] ?? '')]);
  return precise.length > 0 ? precise : curesOf([code], status);
};

const answered = ({ status, code, message, details }: RegistryFault): Failure => {
  const { correlationId, ...shown } = details;
  const cures = curesFor(code, status, details);
  const trace = correlationId === undefined ? [] : [`  request: ${String(correlationId)}`];
  const first = `${message} (${code}, ${status})`;
  const lines = [first, ...evidenceLines(shown), ...indented(cures), ...trace] as const;
  return failed(code, lines, { message, status, details, ...cureMember(cures) });
};

const unreached = (error: TransportError): Failure => {
  const where = String(error.details['url'] ?? error.details['found'] ?? '');
  if (error.code === 'address_invalid')
    return misused(error.code, `"${where}" is not an http or https URL; see --url.`);
  const cure = 'Is the registry running? Start it with "npm start", or name another with --url.';
  const isSilent = error.code === 'unreachable';
  const first = isSilent ? `No answer from ${where}. ${cure}` : error.message;
  return failed(error.code, [first, ...evidenceLines(error.details)], {
    evidence: error.details,
    ...cureMember(isSilent ? [cure] : []),
  });
};

const misstated = ({ code, message, details }: StatementError): Failure => {
  const cures = curesOf(['statement_invalid']);
  return failed('statement_invalid', [message, ...evidenceLines(details), ...indented(cures)], {
    reason: code,
    evidence: details,
    ...cureMember(cures),
  });
};

/** A fault found on this machine, by the code that finds it in the registry. */
const found = ({ code, message, details }: Fault): Failure => {
  const cures = curesOf([...violationCodes(details), code]);
  const lines = [message, ...evidenceLines(details), ...indented(cures)] as const;
  return failed(code, lines, { details, ...cureMember(cures) });
};

/** What the operating system says, in words of ours: a code, the sentence, and what to do. */
const ERRNO: Readonly<Record<string, readonly [code: string, says: string, cure: string]>> = {
  ENOENT: ['file_not_found', 'There is no such file or directory', 'Check the path.'],
  EEXIST: [
    'file_exists',
    'There is something at that path already; nothing is overwritten',
    'Move it away, or name another path.',
  ],
  EACCES: ['file_denied', 'You are not allowed to use that path', 'Ask its owner, or name another path.'],
  EPERM: ['file_denied', 'You are not allowed to do that', 'Ask its owner, or name another path.'],
  EROFS: ['file_system_read_only', 'Nothing can be written there', 'Name a path that can be written.'],
  EISDIR: ['file_expected', 'That is a directory, and a file was expected', 'Name a file.'],
  ENOTDIR: ['directory_expected', 'That is a file, and a directory was expected', 'Name a directory.'],
  ENAMETOOLONG: ['path_too_long', 'That name is too long', 'Name a shorter path.'],
  ENOSPC: ['disk_full', 'The disk is full', 'Make room, and run it again.'],
  EIO: ['disk_failed', 'The disk failed', 'See to the disk, and run it again.'],
};

const systemFailure = (error: NodeJS.ErrnoException): Failure | undefined => {
  const errno = error.code ?? '';
  const known = Object.hasOwn(ERRNO, errno) ? ERRNO[errno] : undefined;
  if (known === undefined) return undefined;
  const [code, says, cure] = known;
  return failed(code, [`${says}: ${error.path ?? error.message}`], { cure });
};

/** People can send the stack on; machines get the message only. */
const bug = (error: unknown): Failure => {
  const { stack, message } = error instanceof Error ? error : { stack: undefined, message: String(error) };
  const first = 'This is a bug in Attestry, and no mistake of yours. Please report it with these lines:';
  const cure = 'Please report it: this is a bug in Attestry, and no mistake of yours.';
  return failed('internal_error', [first, ...(stack ?? message).split('\n')], { message, cure });
};

const badPolicy = ({ file, message, problems }: PolicyInvalid): Failure => {
  const lines = problems.map((each) => `  ${problemLine(file, each)}`);
  const cure = `Correct ${counted(problems.length, 'line')} of it; "attestry policy check" says what is wrong.`;
  return failed('policy_file_invalid', [message, ...lines, `  ${cure}`], { file, problems, cure });
};

export const explain = (error: unknown): Failure => {
  if (error instanceof Refusal) return refused(error);
  if (error instanceof RegistryFault) return answered(error);
  if (error instanceof TransportError) return unreached(error);
  if (error instanceof Fault) return found(error);
  if (error instanceof KeyError)
    return failed(error.code, [error.message, ...evidenceLines(error.details)], { evidence: error.details });
  if (error instanceof StatementError) return misstated(error);
  if (error instanceof PolicyInvalid) return badPolicy(error);
  if (error instanceof StandingError) return failed(error.code, [error.message]);
  if (error instanceof UsageError || error instanceof RequestInvalid) return misused('usage', error.message);
  return (error instanceof Error && systemFailure(error)) || bug(error);
};
