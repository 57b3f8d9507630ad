// attestry install: puts verified packs into a directory, all or none.
import type { Command } from 'commander';
import { type InstalledVersion, type InstallProgress, installPacks } from '../client/index.ts';
import { acting, example } from './command.ts';
import { printProgress } from './terminal.ts';
import { addTrustOptions, policyOf, registryOptions, type TrustOptions } from './trust-options.ts';
import { verifiedJson } from './verify.ts';

interface InstallCommandOptions extends TrustOptions {
  readonly dir: string;
}

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
  return `Placing ${progress.packs} ${progress.packs === 1 ? 'pack' : 'packs'}`;
};

const install = acting<InstallCommandOptions>(async (settings, options, ...requests) => {
  const installed = await installPacks({
    ...(await registryOptions(settings, options)),
    dir: options.dir,
    requests,
    policy: policyOf(options),
    onProgress: (progress) => printProgress(progressLine(progress)),
  });
  return { lines: installed.flatMap(linesOf), json: { ok: true, packs: installed.map(jsonOf) } };
});

export const addInstall = (program: Command): void => {
  const command = program
    .command('install')
    .argument('<name@range...>', 'versions or ranges, as in vendor.acme.tools@^1.2')
    .description('verify packs and install them, all or none')
    .helpGroup('Hosts:')
    .requiredOption('--dir <dir>', 'directory that holds the packs');
  example(addTrustOptions(command), 'attestry install vendor.acme.tools@^1.2 --dir packs').action(install);
};
