// What a verdict rests on: how much a key signed, and whether a log records it. Pure.
import type { SignatureClaim } from './claim.ts';
import { type Question, refusal } from './refusal.ts';

/** What each assurance says; the part behind `log+` is what a key signed. */
export const ASSURANCES = {
  none: 'nobody signed it',
  manifest: 'a key signed pack.json; for the other files the registry alone vouches',
  bytes: 'a key signed every byte',
  log: 'nobody signed it; the log records every byte',
  'log+manifest': 'a key signed pack.json; the log records every byte',
  'log+bytes': 'a key signed every byte, and the log records it',
} as const;
export type Assurance = keyof typeof ASSURANCES;

type Coverage = 'none' | 'manifest' | 'bytes';

const COVERAGES: readonly Coverage[] = ['none', 'manifest', 'bytes'];

interface Grounds {
  readonly covers: Coverage;
  readonly recorded: boolean;
}

const groundsOf = (assurance: Assurance): Grounds => {
  const covers = COVERAGES.find((each) => assurance.endsWith(each)) ?? 'none';
  return { covers, recorded: assurance.startsWith('log') };
};

const named = ({ covers, recorded }: Grounds): Assurance => {
  if (!recorded) return covers;
  return covers === 'none' ? 'log' : `log+${covers}`;
};

/** `stated`: a release statement by the same key holds. `recorded`: a log holds the version. */
export const assuranceOf = (
  claim: SignatureClaim | undefined,
  { stated, recorded }: { readonly stated: boolean; readonly recorded: boolean },
): Assurance => {
  if (claim === undefined) return named({ covers: 'none', recorded });
  return named({ covers: stated || claim.covers === 'tarball' ? 'bytes' : 'manifest', recorded });
};

/** The question whose answer is missing, where the one assurance does not contain the other. */
const lackingIn = (found: Grounds, least: Grounds): Question | undefined => {
  if (least.recorded && !found.recorded) return 'leaf';
  if (COVERAGES.indexOf(found.covers) >= COVERAGES.indexOf(least.covers)) return undefined;
  return found.covers === 'none' ? 'signature' : 'statement';
};

/** Whether the one assurance contains the other. */
export const isAssured = (found: Assurance, least: Assurance): boolean =>
  lackingIn(groundsOf(found), groundsOf(least)) === undefined;

/** @throws Refusal `assurance_too_low` of the question that would have to be answered with "yes" */
export const requireAssurance = (found: Assurance, least: Assurance | undefined): void => {
  const lacking = least && lackingIn(groundsOf(found), groundsOf(least));
  if (least === undefined || lacking === undefined) return;
  const message = `The host asks for the assurance ${least}, and the pack has ${found}: ${ASSURANCES[found]}.`;
  throw refusal(lacking, 'assurance_too_low', { expected: least, found }, message);
};
