// Asks of every version that a log publishes all that a host asks before it installs it, down to the bytes.
import { inLanes } from '../../storage/in-lanes.ts';
import { AT_ONCE } from './audit-fetch.ts';
import type { PackChecks } from './audit-packs.ts';
import type { LoggedVersion } from './audit-versions.ts';
import { isTrouble, Refusal } from './refusal.ts';
import { parseWanted, RequestInvalid } from './resolve.ts';
import { verifyWanted } from './verify.ts';

/** An auditor is no host: what nobody signed is no lie, as long as the log says so as well. */
const POLICY = { allowUnsigned: true } as const;

const because = (error: unknown): Readonly<Record<string, unknown>> | undefined => {
  if (error instanceof RequestInvalid) return { reason: error.message };
  if (!(error instanceof Refusal) || isTrouble(error)) return undefined;
  return { refusal: error.code, question: error.question, ...error.evidence };
};

const checkVersion = async ({ registry, report }: PackChecks, logged: LoggedVersion): Promise<void> => {
  const { name, version, tree, position } = logged;
  try {
    await verifyWanted({ registry, policy: { ...POLICY, tree } }, parseWanted(name, version));
  } catch (error) {
    const evidence = because(error);
    if (evidence === undefined) throw error;
    report('version_refused', `pack:${name}@${version}`, evidence, position);
  }
};

function* versionsOf({ facts }: PackChecks, names: Iterable<string>): Generator<LoggedVersion> {
  for (const name of names) yield* facts.versions.versionsOf(name);
}

/** Rejects where the registry does not answer. */
export const checkTarballs = (the: PackChecks, names: Iterable<string>): Promise<void> =>
  inLanes(versionsOf(the, names), AT_ONCE, (logged) => checkVersion(the, logged));
