// Pure. Says of a set that could not be chosen what an override, or the earlier time that was asked about, has to do with it.
import type { JsonValue } from '../../../keys/canonical.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import { Refusal, type RefusalCode, refusal } from '../refusal.ts';
import { readRanges } from '../resolve/wishes.ts';
import { type Moment, momentText } from './names.ts';

export interface LockQuestion {
  readonly overrides?: Readonly<Record<string, string>> | undefined;
  readonly at?: Moment | undefined;
}

const again = (
  { question, code, message, evidence, cause }: Refusal,
  more: object,
  said = message,
): Refusal => refusal(question, code, { ...evidence, ...more }, said, cause);

/** An override has to be admitted by somebody who asks for the pack (node-packs.md, Override pinning). */
const withOverride = (error: Refusal, overrides: Readonly<Record<string, string>>): Refusal => {
  const name = String(error.evidence['name']);
  const override = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
  if (error.code !== 'pack_dependency_conflict' || override === undefined) return error;
  const admits = readRanges();
  const asked = listOf(error.evidence['conflictingRanges'] as JsonValue).map((each) => ({
    by: textOf(at(each, 'requestedBy')) ?? '',
    range: textOf(at(each, 'range')) ?? '',
  }));
  if (asked.some(({ range }) => admits(range, override))) return again(error, { override });
  const who = asked.map(({ by, range }) => `${by} ${by === 'you' ? 'ask' : 'asks'} for ${range}`).join(', ');
  return again(error, { override }, `Nobody who asks for ${name} admits the override ${override}: ${who}.`);
};

const THEN: ReadonlySet<RefusalCode> = new Set([
  'pack_not_found',
  'no_version_satisfies',
  'pack_dependency_conflict',
]);

/** The error with what it has to do with the question; any other error as it is. */
export const explainedBy = (error: unknown, { overrides = {}, at: moment }: LockQuestion): unknown => {
  if (!(error instanceof Refusal)) return error;
  const explained = withOverride(error, overrides);
  if (moment === undefined || !THEN.has(error.code)) return explained;
  return again(explained, { asOf: momentText(moment) });
};
