// An export as the source of a sync: verified whole before anything of it is taken, and then asked as an upstream is.
import type { ExportFile } from '../../client/export-file/open-export.ts';
import { type VerifiedExport, verifyExport } from '../../client/export-file/verify-export.ts';
import { Refusal, type RefusalCode } from '../../client/refusal.ts';
import type { LogEvidence } from '../../client/trust-state.ts';
import type { Sql } from '../../database/connect.ts';
import { progressTeller } from '../run.ts';
import type { Source } from '../sync.ts';
import { NotMirrored, SyncEnd } from '../trouble.ts';
import { storeOf, type UpstreamLog } from '../upstream-log.ts';
import { NOTHING_DONE, type UpstreamRow } from '../upstream-store.ts';
import { exportReader } from './export-reader.ts';

export interface ExportSourceDeps {
  readonly sql: Sql;
  readonly now: () => Date;
}

/** An export as it came in, with what is known of it before it is verified. */
export interface TakenExport {
  readonly file: ExportFile;
  /** Whether it shows where belief in it begins. */
  readonly hasTrust: boolean;
  /** The envelope of the root that the operator handed over, as the export holds it. */
  readonly pinnedRoot: Uint8Array | undefined;
}

/** A file of yesterday is a mistake, and no reason to leave the registry; two histories of its log are one. */
const FORK: RefusalCode = 'log_fork';

const refusedBy = (error: unknown): never => {
  if (!(error instanceof Refusal) || error.code === FORK) throw error;
  throw new SyncEnd('export_refused', `${error.code}: ${error.message}`);
};

/** A head that is only older than the one that was seen says nothing against the log. */
const isFork = ({ remembered, found, proof }: LogEvidence): boolean =>
  found.size >= remembered.size || proof.length > 0;

const logOf = ({ size, publicKey, logged }: VerifiedExport): UpstreamLog => ({
  size,
  publicKey,
  requireRecorded: async ({ name, version }, tree, digest) => {
    const found = logged(name, version);
    // Without its statement it is what the log records all the same; that the statement is not true is named.
    if (found?.refused !== undefined && found.refused.evidence['question'] !== 'statement') {
      const { message, evidence } = found.refused;
      throw new NotMirrored(String(evidence['refusal'] ?? 'version_refused'), message, evidence);
    }
    if (found?.digest === digest && found.tree === tree) return;
    const evidence = { recorded: found?.digest ?? null, found: digest };
    throw new NotMirrored('leaf_digest_mismatch', 'The log of upstream records another tarball.', evidence);
  },
});

const verified = async (
  { sql, now }: ExportSourceDeps,
  { url, trust }: UpstreamRow,
  { file, pinnedRoot }: TakenExport,
  quit: AbortSignal,
): Promise<VerifiedExport> => {
  const store = storeOf(sql, url);
  const tell = progressTeller(sql, url);
  const found = await verifyExport(file, {
    // What is believed already is never begun anew.
    ...{ seen: trust ?? undefined, pinnedRoot: trust === null ? pinnedRoot : undefined, now, quit },
    onProgress: (_step, done) => void tell({ ...NOTHING_DONE, checked: done }).catch(() => undefined),
    onEvidence: async (evidence) => (isFork(evidence) ? store.keepEvidence(evidence) : undefined),
  }).catch((error: unknown) => {
    if (quit.aborted) throw new SyncEnd('shutting_down');
    return refusedBy(error);
  });
  // Only now: of a file that is refused nothing is remembered, so that the one that was meant is not older than it.
  if (found.state !== undefined) await store.remember(found.state);
  return found;
};

export const exportSource = (
  the: ExportSourceDeps,
  upstream: UpstreamRow,
  taken: TakenExport,
  quit: AbortSignal,
): Source => ({
  reader: exportReader(taken.file, quit),
  openLog: async () => {
    const isPlain = !taken.hasTrust && taken.pinnedRoot === undefined && upstream.trust === null;
    return isPlain ? undefined : logOf(await verified(the, upstream, taken, quit));
  },
});
