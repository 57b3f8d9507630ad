// What the operator is told at the start about the root: that it ends soon, or that his own is not the one in use.
import { instantMs } from '../../keys/document.ts';
import type { Root } from '../../keys/root.ts';
import type { Sql } from '../database/connect.ts';
import { rootAt } from './delegation-store.ts';
import { isOwnRoot, readOwnRoot } from './first-root.ts';

export interface WarningDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly keyFolder: string;
  readonly warn: (sentence: string) => void;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Time enough to gather the holders of a root's keys. */
const WARN_DAYS = 60;

export const warnOfExpiry = ({ now, warn }: WarningDeps, { version, expires }: Root): void => {
  const days = Math.floor((instantMs(expires) - now().getTime()) / DAY_MS);
  if (days >= WARN_DAYS) return;
  const state =
    days < 0
      ? `expired on ${expires}, and clients refuse this registry`
      : `expires on ${expires}, in ${days} days`;
  warn(`Root ${version} ${state}. Publish its successor: attestry root rotate, sign and publish.`);
};

/** Whoever lays a root there after the first start waits in vain for something to come of it. */
export const warnOfUnusedRoot = async ({ sql, keyFolder, warn }: WarningDeps): Promise<void> => {
  const [own, first] = [await readOwnRoot(keyFolder), await rootAt(sql, 1)];
  if (own === undefined || first === undefined || isOwnRoot(own, first)) return;
  warn('root.json in the keys folder is not used: this registry has begun with another root.');
};
