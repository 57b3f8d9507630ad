// Turns whatever went wrong into a sentence that names the cure, a JSON form, and an exit code.
import { KeyError } from '../../keys/errors.ts';
import { PolicyInvalid, problemLine } from '../client/policy/policy-invalid.ts';
import { QUESTIONS, Refusal } from '../client/refusal.ts';
import { RequestInvalid } from '../client/request-invalid.ts';
import { TransportError } from '../network/transport-error.ts';
import { Fault } from '../protocol/faults.ts';
import { StatementError } from '../protocol/statement-errors.ts';
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

/** `message` in the JSON form is the first line, unless `more` has another. */
export const failed = (code: string, lines: Failure['lines'], more: Details = {}): Failure => ({
  exitCode: 1,
  lines,
  json: { ok: false, error: code, message: lines[0], ...more },
});

const misused = (code: string, line: string): Failure => ({ ...failed(code, [line]), exitCode: 2 });

const refused = ({ question, code, message, evidence }: Refusal): Failure => {
  const first = [`Refused: ${message}`, `  ✗ ${QUESTIONS[question]}`, `  code: ${code}`] as const;
  const { remembered } = evidence;
  const cure = cureOfRefusal(code, evidence);
  const cures = [
    `  ${cure}`,
    ...(remembered === undefined
      ? []
      : [`  Only if you know that this registry was set up anew: remove ${String(remembered)}`]),
  ];
  return failed(code, [...first, ...evidenceLines(evidence), ...cures], { message, question, evidence });
};

const curesFor = (code: string, status: number, details: Details): readonly string[] => {
  const known = cureOfDetails(code, details);
  if (known !== undefined) return [known];
  const precise = curesOf([...violationCodes(details), String(details['reason'] ?? '')]);
  return precise.length > 0 ? precise : curesOf([code], status);
};

const answered = ({ status, code, message, details }: RegistryFault): Failure => {
  const { correlationId, ...shown } = details;
  const cures = curesFor(code, status, details).map((cure) => `  ${cure}`);
  const trace = correlationId === undefined ? [] : [`  request: ${String(correlationId)}`];
  const first = `${message} (${code}, ${status})`;
  return failed(code, [first, ...evidenceLines(shown), ...cures, ...trace], { message, status, details });
};

const unreached = (error: TransportError): Failure => {
  const where = String(error.details['url'] ?? error.details['found'] ?? '');
  if (error.code === 'address_invalid')
    return misused(error.code, `"${where}" is not an http or https URL; see --url.`);
  const cure = 'Is the registry running? Start it with "npm start", or name another with --url.';
  const first = error.code === 'unreachable' ? `No answer from ${where}. ${cure}` : error.message;
  return failed(error.code, [first, ...evidenceLines(error.details)], { evidence: error.details });
};

const misstated = ({ code, message, details }: StatementError): Failure => {
  const cures = curesOf(['statement_invalid']).map((cure) => `  ${cure}`);
  return failed('statement_invalid', [message, ...evidenceLines(details), ...cures], {
    reason: code,
    evidence: details,
  });
};

const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file or directory',
  EEXIST: 'There is something at that path already; nothing is overwritten',
  EACCES: 'You are not allowed to use that path',
  EPERM: 'You are not allowed to do that',
  EROFS: 'Nothing can be written there',
  EISDIR: 'That is a directory, and a file was expected',
  ENOTDIR: 'That is a file, and a directory was expected',
  ENAMETOOLONG: 'That name is too long',
  ENOSPC: 'The disk is full',
  EIO: 'The disk failed',
};

const systemFailure = (error: NodeJS.ErrnoException): Failure | undefined => {
  const code = error.code ?? '';
  const sentence = Object.hasOwn(ERRNO, code) ? ERRNO[code] : undefined;
  return sentence === undefined ? undefined : failed(code, [`${sentence}: ${error.path ?? error.message}`]);
};

/** People can send the stack on; machines get the message only. */
const bug = (error: unknown): Failure => {
  const { stack, message } = error instanceof Error ? error : { stack: undefined, message: String(error) };
  const first = 'This is a bug in Attestry, and no mistake of yours. Please report it with these lines:';
  return failed('internal_error', [first, ...(stack ?? message).split('\n')], { message });
};

const badPolicy = ({ file, message, problems }: PolicyInvalid): Failure => {
  const lines = problems.map((each) => `  ${problemLine(file, each)}`);
  return failed('policy_file_invalid', [message, ...lines], { file, problems });
};

export const explain = (error: unknown): Failure => {
  if (error instanceof Refusal) return refused(error);
  if (error instanceof RegistryFault) return answered(error);
  if (error instanceof TransportError) return unreached(error);
  if (error instanceof Fault)
    return failed(error.code, [error.message, ...evidenceLines(error.details)], { details: error.details });
  if (error instanceof KeyError)
    return failed(error.code, [error.message, ...evidenceLines(error.details)], { evidence: error.details });
  if (error instanceof StatementError) return misstated(error);
  if (error instanceof PolicyInvalid) return badPolicy(error);
  if (error instanceof StandingError) return failed(error.code, [error.message]);
  if (error instanceof UsageError || error instanceof RequestInvalid) return misused('usage', error.message);
  return (error instanceof Error && systemFailure(error)) || bug(error);
};
