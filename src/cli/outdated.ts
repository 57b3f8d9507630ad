// attestry outdated: what a lockfile has, what would be locked today, and why that is not the newest.
import { findOutdated, type OutdatedPack } from '../client/lock/outdated.ts';
import { openSources } from '../client/policy/open-sources.ts';
import { acting } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { openModeLines } from './governed.ts';
import { requireLock } from './lock-files.ts';
import { sourcesToChoose } from './lock-sources.ts';
import { table } from './table.ts';
import { printProgress } from './terminal.ts';
import { policiesJson } from './verify.ts';

interface OutdatedCommandOptions extends PolicyOptions {
  readonly lock: string;
  readonly registry?: readonly string[];
}

const isOutdated = ({ locked, wanted, latest, why }: OutdatedPack): boolean =>
  locked !== wanted || wanted !== latest || why.length > 0;

const rowOf = ({ why, ...row }: OutdatedPack) => ({ ...row, why: why.length > 0 ? why.join('; ') : null });

export const outdated = acting<OutdatedCommandOptions>(async (settings, options) => {
  const found = await requireLock(options.lock);
  const { policies, verifyPolicy: policy, sourcesOf } = await sourcesToChoose(settings, options, found);
  const onOpen = (base: string): void => printProgress(`Asking ${base}`);
  const sources = openSources({ sourcesOf, tree: options.tree, onOpen });
  const { lock, companion } = found;
  const packs = await findOutdated({ sources, policy, lock, companion });
  const rows = packs.filter(isOutdated);
  const lines =
    rows.length === 0
      ? [`Everything in ${options.lock} is the newest there is.`]
      : table(['name', 'locked', 'wanted', 'latest', 'why'], rows.map(rowOf));
  return {
    lines: [...openModeLines(policies), ...lines],
    json: { ok: true, packs, ...policiesJson(policies) },
  };
});
