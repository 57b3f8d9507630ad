// What belief in a version of a base rests on, and how every question about it was answered. Pure.
import { type Answer, notChecked, type Question, yes } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';

/** What each assurance says, weakest to strongest. */
export const KNOWLEDGE_ASSURANCES = {
  content: 'it is the version that was pinned; nobody was asked who made it',
  signed: 'a key that speaks for the base signed the version',
  'log+signed': 'a key that speaks for the base signed the version, and the log records it',
} as const;
export type KnowledgeAssurance = keyof typeof KNOWLEDGE_ASSURANCES;

const NO_TRUST = 'this registry shows no trust documents';
const NO_LOG = 'this registry offers no transparency log';
const PINNED = 'the version was pinned, and only its content was asked about';

export interface Grounds {
  readonly registry: OpenRegistry;
  readonly signed: boolean;
  readonly recorded: boolean;
  /** How the question of what is current was answered. */
  readonly current: Answer;
}

export const knowledgeAssuranceOf = ({ signed, recorded }: Grounds): KnowledgeAssurance => {
  if (!signed) return 'content';
  return recorded ? 'log+signed' : 'signed';
};

const unless = (why: string | undefined, questions: readonly Question[]): readonly Answer[] =>
  questions.map((question) => (why === undefined ? yes(question) : notChecked(question, why)));

/** Every question about a version, in order, once nothing has refused. */
export const versionAnswers = ({ registry, signed, recorded, current }: Grounds): readonly Answer[] => {
  const { trust, log } = registry;
  const noTrust = trust === undefined ? NO_TRUST : undefined;
  const noLog = log === undefined ? NO_LOG : undefined;
  return [
    yes('registry'),
    ...unless(noTrust, ['root', 'keyring']),
    ...unless(noLog, ['checkpoint']),
    current,
    yes('manifest'),
    ...unless(recorded ? undefined : (noLog ?? PINNED), ['leaf']),
    ...unless(signed ? undefined : (noTrust ?? PINNED), ['signature', 'delegation']),
  ];
};
