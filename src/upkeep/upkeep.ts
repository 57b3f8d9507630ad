// What operators do to a registry that may be standing still: check it, clean it up, back it up, restore it.
import type { Config } from '../config.ts';
import { makeBackup } from './backup/backup.ts';
import type { BackupManifest } from './backup/backup-format.ts';
import { requireManifest } from './backup/read-backup.ts';
import { type Restored, type RestoreOptions, restoreBackup } from './backup/restore.ts';
import { type DescribedFinding, describeFinding } from './findings.ts';
import { checkAll, type FsckOptions, type Progress } from './fsck.ts';
import { collectGarbage, type Swept } from './gc.ts';
import { MIGRATIONS, openEmptyPlaces, openRegistry, type Places } from './places.ts';
import { repairAll } from './repair.ts';

export interface FsckResult {
  /** Nothing is damaged; there may be notes. */
  readonly whole: boolean;
  /** Leaves of the log. */
  readonly size: number;
  readonly findings: readonly DescribedFinding[];
  /** How many there were of each code; not all of them may be listed. */
  readonly counts: Readonly<Record<string, number>>;
  /** What was set right, one line each. */
  readonly repaired: readonly string[];
}

const now = (): Date => new Date();

/** Seals and signed lists follow what they are about within moments. */
const PATIENCE_MS = 2_000;

const within = async <T>(opening: Promise<Places>, work: (places: Places) => Promise<T>): Promise<T> => {
  const places = await opening;
  try {
    return await work(places);
  } finally {
    await places.close();
  }
};

export const fsck =
  (config: Config, progress: Progress) =>
  ({ repair, ...options }: FsckOptions & { readonly repair: boolean }): Promise<FsckResult> =>
    // Whoever only looks must not mend first what it is to judge.
    within(openRegistry(config, { replay: repair }), async (places) => {
      const the = { ...places, now, progress, patienceMs: PATIENCE_MS };
      const { report, size, done } = repair
        ? await repairAll(the)(options)
        : { ...(await checkAll(the)(options)), done: [] };
      return {
        whole: !report.isDamaged(),
        size,
        findings: report.findings().map(describeFinding),
        counts: Object.fromEntries(report.counts()),
        repaired: done,
      };
    });

/** `tell` hears of each piece of garbage as it is found, or as it goes. */
export const gc =
  (config: Config, progress: Progress) =>
  (
    { remove, graceMs }: { readonly remove: boolean; readonly graceMs: number },
    tell: (swept: Swept) => void,
  ): Promise<void> =>
    within(openRegistry(config, { replay: remove }), (places) =>
      collectGarbage({ ...places, now, graceMs, progress: (done) => progress('blobs', done, 0) })(
        { remove },
        tell,
      ),
    );

export const backup =
  (config: Config, progress: Progress) =>
  (options: { readonly folder: string; readonly withKeys: boolean }): Promise<BackupManifest> =>
    within(openRegistry(config), (places) => makeBackup({ ...places, now, progress })(options));

export const restore =
  (config: Config, progress: Progress) =>
  async (options: RestoreOptions): Promise<Restored> => {
    // Asked before a place is made for it.
    await requireManifest(options.folder);
    return within(openEmptyPlaces(config), (places) =>
      restoreBackup({ ...places, migrations: MIGRATIONS, now, progress })(options),
    );
  };
