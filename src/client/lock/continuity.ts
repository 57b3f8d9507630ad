// Whether the log of a registry goes on from the state that a lockfile was made in: each lock and install asks anew.

import { encodeBase64 } from '../../../keys/bytes.ts';
import { formatVkey } from '../../../keys/key.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import type { Sources } from '../policy/open-sources.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import type { LockedLog } from './companion.ts';

export const vkeyTextOf = ({ trust }: OpenRegistry): string | undefined =>
  trust && formatVkey(trust.root.log.vkey);

/** The head that was believed, as a lockfile keeps it; undefined where there is no log. */
export const lockedLogOf = (registry: OpenRegistry): LockedLog | undefined => {
  const { log, reader } = registry;
  const vkey = vkeyTextOf(registry);
  if (log === undefined || vkey === undefined) return undefined;
  const { origin, size, root, note } = log.newest();
  return { registry: reader.base, origin, vkey, size, root: encodeBase64(root), note };
};

const otherKey = (registry: OpenRegistry, kept: LockedLog) =>
  refusal(
    'checkpoint',
    'log_fork',
    { registry: kept.registry, lockfile: kept.vkey, found: vkeyTextOf(registry) ?? null },
    `The log of ${kept.registry} has another key than the one it was locked at. If that is meant, start from its root document (--root), or lock anew without the .attestry.json file beside the lockfile.`,
  );

/**
 * A mirror shows the same log under another address, so the key tells which one it is. Under another key a log begins
 * afresh: only a root that was handed over shows that it is still that registry's, since whoever stands in for it is
 * trusted at first sight like anybody, and remembered from then on.
 * @throws Refusal of `checkpoint`: `checkpoint_missing`, `checkpoint_rollback`, `log_fork`, `log_unprovable`
 */
export const requireSameHistory = async (
  registry: OpenRegistry,
  logs: readonly LockedLog[],
): Promise<void> => {
  const { log, reader, trust } = registry;
  const vkey = vkeyTextOf(registry);
  for (const kept of logs) {
    if (log === undefined && kept.registry === reader.base)
      throw refusal('checkpoint', 'checkpoint_missing', { lockfile: kept.size, registry: reader.base });
    if (kept.vkey === vkey) await log?.requireContinues(kept.note);
    else if (kept.registry === reader.base && trust?.anchor !== 'pinned') throw otherKey(registry, kept);
  }
};

/** Registries that were found to go on from there, each asked once; and once found, the one for a name stays it. */
export const continuing = (sources: Sources, logs: readonly LockedLog[]): Sources => {
  const asked = new Map<OpenRegistry, Promise<void>>();
  const found = new Map<string, Promise<OpenRegistry>>();
  const find = async (name: PackName): Promise<OpenRegistry> => {
    const registry = await sources.registryFor(name);
    const asking = asked.get(registry) ?? requireSameHistory(registry, logs);
    asked.set(registry, asking);
    await asking;
    return registry;
  };
  return {
    basesFor: sources.basesFor,
    registryFor: (name) => {
      const finding = found.get(name) ?? find(name);
      found.set(name, finding);
      return finding;
    },
  };
};
