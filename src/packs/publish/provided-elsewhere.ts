// Flags the ids that another pack provides already: hosts that have both cannot tell which one is meant.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../../protocol/faults.ts';
import { exportedIds } from '../../protocol/manifest/describe.ts';
import { clipped } from '../../protocol/manifest/read.ts';
import { inWords, violation } from '../../protocol/manifest/violations.ts';
import type { OthersProviding } from '../provided-store.ts';
import type { VersionRecord } from '../version-record.ts';

const NOBODY: ReadonlyMap<string, string> = new Map();

/** The version with what its readers should know of its ids; nobody is refused for it, as names are no proof of intent. */
export const flagged = async (
  othersProviding: OthersProviding,
  record: VersionRecord,
): Promise<VersionRecord> => {
  const ids = record.facts.typeIds;
  const others = ids.length === 0 ? NOBODY : await othersProviding({ ids, own: record.name });
  if (others.size === 0) return record;
  const manifest = JSON.parse(Buffer.from(record.manifest).toString('utf8')) as JsonValue;
  const found: readonly Violation[] = inWords(
    exportedIds(manifest).filter(({ id }) => others.has(id)),
    ({ id, where }) =>
      violation('already_exists', where, `"${clipped(id)}" is provided by ${others.get(id)} already`),
  );
  return { ...record, warnings: [...record.warnings, ...found] };
};
