// How an install is shown: what became of each pack, what it rests on, and what comes next.
import { ASSURANCES, type Assurance } from '../client/assurance.ts';
import type { InstalledVersion, InstallProgress } from '../client/install.ts';
import { REFUSALS } from '../client/refusal.ts';
import type { Verified } from '../client/verify.ts';
import { counted } from './count.ts';
import { passedLines, verifiedJson } from './verify.ts';

const STRONGEST: Assurance = 'log+bytes';

/** Nobody has to take less than the registry could vouch for; who asked for something has decided. */
const weaker = (pack: Verified, asked: Assurance | undefined): readonly string[] => {
  const logged = pack.questions.some(({ question, answer }) => question === 'checkpoint' && answer === 'yes');
  if (!logged || asked !== undefined || pack.assurance === STRONGEST) return [];
  const grounds = `${pack.assurance} (${ASSURANCES[pack.assurance]})`;
  return [`this rests on ${grounds}; --require ${STRONGEST} takes nothing less`];
};

/** The verdict, with the warnings that only whoever installs needs. */
const judged = (verified: Verified, asked: Assurance | undefined): Verified => ({
  ...verified,
  warnings: [...verified.warnings, ...weaker(verified, asked)],
});

const headLine = ({ name, version, path, installed, repaired }: InstalledVersion): string => {
  if (repaired !== undefined) return `Repaired ${name}@${version} in ${path}`;
  return installed
    ? `Installed ${name}@${version} in ${path}`
    : `${name}@${version} is in ${path} already, whole`;
};

const MOST_NAMED = 5;

/** Somebody, or something, was at the files: whoever looks has to learn of it. */
const damageLines = ({ repaired }: InstalledVersion): readonly string[] => {
  if (repaired === undefined) return [];
  const { code, paths } = repaired;
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : '';
  const which = paths.length === 0 ? '' : ` (${paths.slice(0, MOST_NAMED).join(', ')}${more})`;
  return [`  warning: it was not as it had been installed: ${REFUSALS[code]}${which}`];
};

export const installedLines = (pack: InstalledVersion): readonly string[] => {
  const { verified, warnings = verified?.warnings ?? [], passed = [], neededBy = [] } = pack;
  return [
    headLine(pack),
    ...damageLines(pack),
    ...(neededBy.length > 0 ? [`  needed by ${neededBy.join(', ')}`] : []),
    ...(verified === undefined ? [] : [`  assurance: ${verified.assurance}, ${verified.integrity}`]),
    ...passedLines(passed).map((line) => `  ${line}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
};

export const installedJson = ({ verified, ...version }: InstalledVersion) => ({
  ...version,
  ...(verified === undefined ? {} : { verified: verifiedJson(verified) }),
});

export const progressLine = (progress: InstallProgress): string => {
  if (progress.doing === 'asking') return `Asking ${progress.registry}`;
  if (progress.doing === 'verifying') return `Verifying ${progress.name}@${progress.version}`;
  return `Placing ${counted(progress.packs, 'pack')}`;
};

/** What was installed, with the warnings that only whoever installs needs. */
export const shownInstalls = (
  installed: readonly InstalledVersion[],
  asked: Assurance | undefined,
): readonly InstalledVersion[] =>
  installed.map(({ verified, ...version }) =>
    verified === undefined ? version : { ...version, verified: judged(verified, asked) },
  );
