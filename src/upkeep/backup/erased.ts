// What of a registry was erased: no backup of it may keep that, whatever an earlier one in the same folder has copied.
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import type { Tx } from '../../database/connect.ts';
import { erasedAfter } from '../document-store.ts';
import { rowsBehind } from '../pages.ts';
import { namedDigests } from '../upkeep-store.ts';

/** Erased by whoever held it, and held by nobody else. */
export const erasedIn = async (tx: Tx): Promise<readonly Digest[]> => {
  const erased: Digest[] = [];
  const page = (after: string) => erasedAfter(tx, after);
  for await (const { digest } of rowsBehind('', page, (row) => row.digest)) {
    const parsed = parseDigest(digest);
    if (parsed !== undefined && !(await namedDigests(tx, [digest])).has(digest)) erased.push(parsed);
  }
  return erased;
};
