// The one error for whatever keeps the embedded database from running: what was found, and the way out.

export type EmbeddedProblem =
  /** No package for this platform, or its programs do not run here. */
  | 'no_binaries'
  /** The cluster was made by another major version of Postgres. */
  | 'other_major'
  /** A folder is closed to the account that has to enter it. */
  | 'unreachable'
  /** The data directory is a copy of one that is still in use. */
  | 'copied_folder'
  /** There is something in the cluster's place that is not a cluster. */
  | 'not_a_cluster'
  /** The password file is gone or is not this cluster's. */
  | 'password_lost'
  | 'did_not_start'
  | 'did_not_stop';

export class EmbeddedFailure extends Error {
  override readonly name = 'EmbeddedFailure';
  readonly problem: EmbeddedProblem;
  readonly cure: string;

  constructor(problem: EmbeddedProblem, what: string, cure: string, options?: ErrorOptions) {
    super(`${what} ${cure}`, options);
    this.problem = problem;
    this.cure = cure;
  }
}

/** The cure that always works: a Postgres somebody else runs. */
export const USE_ANOTHER = 'Set DATABASE_URL to a Postgres 14 or later that you run yourself.';
