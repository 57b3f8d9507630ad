// What every mending of bases is made of. Pure.
import type { BlobStore } from '../../../storage/blob-store.ts';
import type { Sql } from '../../database/connect.ts';
import type { Report } from '../report.ts';

export interface MendDeps {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly now: () => Date;
  /** What was found before. */
  readonly report: Report;
  /** Hears what was done, a line each. */
  readonly tell: (line: string) => void;
}
