// How every question was answered for a pack that is believed: what was checked, and why the rest was not. Pure.
import type { SignatureClaim } from './claim.ts';
import { type Answer, notChecked, type Question, yes } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';

const NO_TRUST = 'this registry shows no trust documents';
const NO_LOG = 'this registry offers no transparency log';
const UNSIGNED = 'the pack is not signed, which was allowed';

/** What was found out on the way to a verdict. */
export interface Verdict {
  readonly registry: OpenRegistry;
  readonly claim: SignatureClaim | undefined;
  /** A release statement holds. */
  readonly stated: boolean;
  readonly protocolMajor: number | undefined;
  /** A policy was asked, and admits it. */
  readonly judged: boolean;
}

const unless = (why: string | undefined, questions: readonly Question[]): readonly Answer[] =>
  questions.map((question) => (why === undefined ? yes(question) : notChecked(question, why)));

const keyAnswers = ({ registry, claim }: Verdict): readonly Answer[] => {
  const { discovery, trust } = registry;
  if (claim === undefined) return unless(UNSIGNED, ['signature', 'delegation']);
  const listed = trust !== undefined || discovery.signingKeys !== undefined;
  return [
    yes('signature'),
    listed ? yes('delegation') : notChecked('delegation', 'this registry lists no keys'),
  ];
};

const noStatement = ({ registry, claim }: Verdict): string => {
  if (claim === undefined) return UNSIGNED;
  if (claim.covers === 'tarball') return 'the signature itself covers every byte';
  return registry.discovery.trust?.releaseStatement === undefined
    ? 'this registry offers no release statements'
    : 'the registry serves none for it';
};

/** Every question, in order, once nothing has refused; that of a policy only where there is one. */
export const answersOf = (verdict: Verdict): readonly Answer[] => {
  const { registry, stated, protocolMajor, judged } = verdict;
  const { trust, log } = registry;
  return [
    yes('registry'),
    ...unless(trust === undefined ? NO_TRUST : undefined, ['root', 'keyring']),
    ...unless(log === undefined ? NO_LOG : undefined, ['checkpoint', 'leaf']),
    ...unless(undefined, ['digest', 'archive', 'identity', 'agreement']),
    ...keyAnswers(verdict),
    ...unless(stated ? undefined : noStatement(verdict), ['statement']),
    yes('lifecycle'),
    ...unless(protocolMajor === undefined ? 'no protocol version of the host was given' : undefined, [
      'engines',
    ]),
    ...(judged ? [yes('policy')] : []),
  ];
};
