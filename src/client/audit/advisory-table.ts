// What a log says of advisories: what each says now, and which were withdrawn. Pure.
import type { JsonObject } from '../../../keys/canonical.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';

/** One advisory as the log records it. */
export interface LoggedAdvisory {
  /** Of the entry that last said something of it. */
  readonly position: number;
  /** As it has to be served; undefined for one that was withdrawn. */
  readonly advisory: JsonObject | undefined;
}

export interface AdvisoryTable {
  readonly advisories: ReadonlyMap<string, LoggedAdvisory>;
  /** False for what no registry records. */
  readonly say: (position: number, data: JsonObject) => boolean;
  /** False where there is no such advisory. */
  readonly withdraw: (position: number, id: string) => boolean;
}

export const createAdvisoryTable = (): AdvisoryTable => {
  const advisories = new Map<string, LoggedAdvisory>();
  return {
    advisories,
    say: (position, data) => {
      const advisory = objectOf(data['advisory']);
      const id = textOf(advisory?.['id']);
      if (advisory === undefined || id === undefined) return false;
      advisories.set(id, { position, advisory });
      return true;
    },
    withdraw: (position, id) => {
      if (!advisories.has(id)) return false;
      advisories.set(id, { position, advisory: undefined });
      return true;
    },
  };
};
