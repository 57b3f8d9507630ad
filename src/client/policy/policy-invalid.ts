// The one error for a policy file that cannot be used: everything that is wrong with it, by line. Pure.

export interface PolicyProblem {
  /** Counted from 1. */
  readonly line: number;
  /** JSON pointer; empty for the file as a whole. */
  readonly where: string;
  readonly message: string;
}

/** `attestry.policy.json:4: /minimumAge/age is …` */
export const problemLine = (file: string, { line, where, message }: PolicyProblem): string =>
  `${file}:${line}: ${where === '' ? 'the file' : where} ${message}`;

export class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid';
  readonly file: string;
  readonly problems: readonly PolicyProblem[];

  constructor(file: string, problems: readonly PolicyProblem[]) {
    super(`${file} is no policy that can be used.`);
    this.file = file;
    this.problems = problems;
  }
}
