// Asks of every version that a log publishes, and has not unpublished, all that a host asks before it installs it, down to the bytes.
import { inLanes } from '../../../storage/in-lanes.ts';
import { isTrouble, Refusal } from '../refusal.ts';
import { parseWanted } from '../request.ts';
import { RequestInvalid } from '../request-invalid.ts';
import { verifyWanted } from '../verify.ts';
import type { PackChecks } from './compare-packs.ts';
import { AT_ONCE } from './fetch.ts';
import type { LoggedVersion } from './version-table.ts';

/** An auditor is no host: what nobody signed is no lie, as long as the log says so as well. */
const POLICY = { allowUnsigned: true } as const;

/** So many failures without any answer in a row are no matter of single versions: the registry is away. */
const AWAY_AFTER = 4;

const because = (error: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (error instanceof RequestInvalid) return { reason: error.message };
  if (!(error instanceof Refusal) || isTrouble(error)) return undefined;
  return { refusal: error.code, question: error.question, ...error.evidence };
};

/** Counts the versions in a row for which nothing at all was answered. */
const openStreak = () => {
  let silent = 0;
  return {
    answered: (): void => {
      silent = 0;
    },
    /** Whether the registry is away. */
    silent: (): boolean => {
      silent += 1;
      return silent >= AWAY_AFTER;
    },
  };
};
type Streak = ReturnType<typeof openStreak>;

/** The log says itself that its key is believed no more there: every host refuses it, as it should. */
const isKnown = ({ facts }: PackChecks, error: unknown, { keyId, position }: LoggedVersion): boolean =>
  error instanceof Refusal && error.code === 'key_revoked' && facts.keyTable.isRevokedAt(keyId, position);

const checkVersion = async (the: PackChecks, logged: LoggedVersion, streak: Streak): Promise<void> => {
  const { registry, report } = the;
  const { name, version, tree, position } = logged;
  const subject = `pack:${name}@${version}`;
  try {
    await verifyWanted({ registry, policy: { ...POLICY, tree } }, parseWanted(name, version));
    streak.answered();
  } catch (error) {
    const evidence = because(error);
    if (evidence !== undefined) {
      streak.answered();
      if (isKnown(the, error, logged)) return;
      return report('version_refused', subject, evidence, position);
    }
    if (!(error instanceof Refusal) || error.code === 'registry_denied') throw error;
    if ('status' in error.evidence) streak.answered();
    else if (streak.silent()) throw error;
    report('version_unserved', subject, { question: error.question, ...error.evidence }, position);
  }
};

function* versionsOf({ facts }: PackChecks, names: Iterable<string>): Generator<LoggedVersion> {
  for (const name of names) yield* facts.versions.versionsOf(name).filter(({ unpublished }) => !unpublished);
}

/** One that is not served is a finding. Rejects where nothing answers several times in a row, or nothing is shown. */
export const checkTarballs = (the: PackChecks, names: Iterable<string>): Promise<void> => {
  const streak = openStreak();
  return inLanes(versionsOf(the, names), AT_ONCE, (logged) => checkVersion(the, logged, streak));
};
