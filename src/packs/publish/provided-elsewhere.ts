// Flags the ids that another pack provides already: hosts that have both cannot tell which one is meant.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../../protocol/faults.ts';
import { exportedIds } from '../../protocol/manifest/describe.ts';
import { clipped } from '../../protocol/manifest/read.ts';
import { inWords, violation } from '../../protocol/manifest/violations.ts';
import type { OthersProviding } from '../provided-store.ts';
import type { VersionRecord } from '../version-record.ts';

/** The version with what its readers should know of its ids; nobody is refused for it, as names are no proof of intent. */
export const flagged = async (
  othersProviding: OthersProviding,
  record: VersionRecord,
): Promise<VersionRecord> => {
  const manifest = JSON.parse(Buffer.from(record.manifest).toString('utf8')) as JsonValue;
  const ids = exportedIds(manifest);
  if (ids.length === 0) return record;
  const others = await othersProviding({ ids: [...new Set(ids.map(({ id }) => id))], own: record.name });
  const found: readonly Violation[] = inWords(
    ids.filter(({ id }) => others.has(id)),
    ({ id, where }) =>
      violation('already_exists', where, `"${clipped(id)}" is provided by ${others.get(id)} already`),
  );
  return found.length === 0 ? record : { ...record, warnings: [...record.warnings, ...found] };
};
