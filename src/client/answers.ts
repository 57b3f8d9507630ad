// How every question was answered for a pack that is believed: what was checked, and why the rest was not. Pure.
import type { SignatureClaim } from './claim.ts';
import { type Answer, notChecked, type Question, yes } from './refusal.ts';
import type { OpenRegistry } from './registry.ts';

const NO_TRUST = 'this registry shows no trust documents';
const NO_LOG = 'this registry offers no transparency log';
const UNSIGNED = 'the pack is not signed, which was allowed';

const trustAnswers = ({ trust }: OpenRegistry): readonly Answer[] =>
  trust === undefined
    ? [notChecked('root', NO_TRUST), notChecked('keyring', NO_TRUST)]
    : [yes('root'), yes('keyring')];

const keyAnswers = (
  { discovery, trust }: OpenRegistry,
  claim: SignatureClaim | undefined,
): readonly Answer[] => {
  if (claim === undefined) return [notChecked('signature', UNSIGNED), notChecked('delegation', UNSIGNED)];
  const listed = trust !== undefined || discovery.signingKeys !== undefined;
  return [
    yes('signature'),
    listed ? yes('delegation') : notChecked('delegation', 'this registry lists no keys'),
  ];
};

const statementAnswer = (claim: SignatureClaim | undefined): Answer =>
  notChecked(
    'statement',
    claim?.covers === 'tarball'
      ? 'the signature itself covers every byte'
      : 'this registry offers no release statements',
  );

const PASSED: readonly Question[] = ['digest', 'archive', 'identity', 'agreement'];

/** Every question, in order, once nothing has refused. */
export const answersOf = (
  registry: OpenRegistry,
  protocolMajor: number | undefined,
  claim: SignatureClaim | undefined,
): readonly Answer[] => [
  yes('registry'),
  ...trustAnswers(registry),
  notChecked('checkpoint', NO_LOG),
  notChecked('leaf', NO_LOG),
  ...PASSED.map(yes),
  ...keyAnswers(registry, claim),
  statementAnswer(claim),
  yes('lifecycle'),
  protocolMajor === undefined
    ? notChecked('engines', 'no protocol version of the host was given')
    : yes('engines'),
];
