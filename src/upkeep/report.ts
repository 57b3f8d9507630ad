// Collects what a check finds in bounded memory: of each code the first ones are kept, and all are counted.
import { type Evidence, entryOf, type Finding, type FindingCode } from './findings.ts';

export interface Report {
  readonly add: (code: FindingCode, about: string, evidence?: Evidence) => undefined;
  readonly findings: () => readonly Finding[];
  /** How many there were of each code, kept or not. */
  readonly counts: () => ReadonlyMap<FindingCode, number>;
  /** Whether anything is damaged; notes are no damage. */
  readonly isDamaged: () => boolean;
  readonly has: (...codes: readonly FindingCode[]) => boolean;
}

/** Whoever has more than this of one kind has one problem, and not so many. */
const KEPT_PER_CODE = 200;

export const openReport = (): Report => {
  const findings: Finding[] = [];
  const counts = new Map<FindingCode, number>();
  return {
    add: (code, about, evidence = {}) => {
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      if (count <= KEPT_PER_CODE) findings.push({ code, about, ...evidence });
    },
    findings: () => findings,
    counts: () => counts,
    isDamaged: () => [...counts.keys()].some((code) => entryOf(code).severity === 'damage'),
    has: (...codes) => codes.some((code) => counts.has(code)),
  };
};
