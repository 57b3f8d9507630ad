// attestry install: puts verified packs into a directory, all or none.
import { ASSURANCES, type Assurance } from '../client/assurance.ts';
import { type InstalledVersion, type InstallProgress, installPacks } from '../client/install.ts';
import type { Verified } from '../client/verify.ts';
import { acting } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { printProgress } from './terminal.ts';
import { policyOf, registryOptions } from './trust-policy.ts';
import { verifiedJson } from './verify.ts';

interface InstallCommandOptions extends TrustOptions {
  readonly dir: string;
}

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

const linesOf = ({ name, version, path, installed, verified }: InstalledVersion): readonly string[] => [
  installed ? `Installed ${name}@${version} in ${path}` : `${name}@${version} is in ${path} already, whole`,
  ...(verified === undefined ? [] : [`  assurance: ${verified.assurance}, ${verified.integrity}`]),
  ...(verified?.warnings ?? []).map((warning) => `  warning: ${warning}`),
];

const jsonOf = ({ verified, ...version }: InstalledVersion) => ({
  ...version,
  ...(verified === undefined ? {} : { verified: verifiedJson(verified) }),
});

const progressLine = (progress: InstallProgress): string => {
  if (progress.doing === 'asking') return `Asking ${progress.registry}`;
  if (progress.doing === 'verifying') return `Verifying ${progress.name}@${progress.version}`;
  return `Placing ${counted(progress.packs, 'pack')}`;
};

export const install = acting<InstallCommandOptions>(async (settings, options, ...requests) => {
  const installed = await installPacks({
    ...(await registryOptions(settings, options)),
    dir: options.dir,
    requests,
    policy: policyOf(options),
    onProgress: (progress) => printProgress(progressLine(progress)),
  });
  const shown = installed.map(({ verified, ...version }) =>
    verified === undefined ? version : { ...version, verified: judged(verified, options.require) },
  );
  return { lines: shown.flatMap(linesOf), json: { ok: true, packs: shown.map(jsonOf) } };
});
