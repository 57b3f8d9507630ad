// attestry bundle --lock: verifies every locked pack and writes one file from which all are installed without a network.
import { ASSURANCES } from '../client/assurance.ts';
import { type MadeLockBundle, makeLockBundle } from '../client/lock-bundle/make-lock-bundle.ts';
import { askedInstead, insteadJson, insteadLine } from './asked-instead.ts';
import type { Result, Settings } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { openModeLines } from './governed.ts';
import { requireLock } from './lock-files.ts';
import { sourcesToInstall } from './lock-sources.ts';
import { printNotes, printProgress } from './terminal.ts';
import { policiesJson } from './verify.ts';

interface BundleLockOptions extends PolicyOptions {
  readonly out: string;
  readonly lock: string;
  readonly json?: boolean;
}

/** One root is enough to say; of several it has to be said whose each is, and which of them have none. */
const anchorsToGive = ({ registries, rootless }: MadeLockBundle): string => {
  const rooted = registries.filter((base) => !rootless.includes(base));
  const alone = registries.length < 2;
  return [
    ...rooted.map((base) => (alone ? '--root ROOT' : `--root ${base}=ROOT`)),
    ...rootless.map((base) => `--from ${base}`),
  ].join(' ');
};

export const bundleLock = async (settings: Settings, options: BundleLockOptions): Promise<Result> => {
  const { out } = options;
  const locked = await requireLock(options.lock);
  const { policies, verifyPolicy: policy, sourcesOf } = await sourcesToInstall(settings, options, locked);
  const instead = askedInstead(locked, sourcesOf);
  if (options.json !== true) printNotes(instead.map(insteadLine));
  const made = await makeLockBundle(
    {
      lock: locked.lock,
      companion: locked.companion,
      sourcesOf,
      policy,
      onOpen: (base) => printProgress(`Asking ${base}`),
      onVerifying: (name, version) => printProgress(`Verifying ${name}@${version}`),
    },
    out,
  );
  const { packs, answers, bytes, createdAt } = made;
  const shown = packs.map(({ name, version, integrity, assurance, warnings }) => ({
    name,
    version,
    integrity,
    assurance,
    warnings,
  }));
  const lines = shown.flatMap(({ name, version, assurance, warnings }) => [
    `${name}@${version}: ${assurance} (${ASSURANCES[assurance]})`,
    ...warnings.map((warning) => `  warning: ${warning}`),
  ]);
  const written = `Wrote ${out}: ${counted(packs.length, 'pack')}, ${counted(answers, 'answer')}, ${counted(bytes, 'byte')}`;
  const next = `Install it anywhere: attestry install --bundle ${out} ${anchorsToGive(made)} --dir DIR`;
  return {
    lines: [...openModeLines(policies), ...lines, written, next],
    json: {
      ok: true,
      path: out,
      createdAt,
      answers,
      bytes,
      packs: shown,
      ...insteadJson(instead),
      ...policiesJson(policies),
    },
  };
};
