// Reads the pack, or the one version of it, that a command is about, and its address in the registry.
import { parseRequest } from '../client/request.ts';
import { type PackName, parsePackName } from '../protocol/pack-id.ts';
import { UsageError } from './failure.ts';

export interface ExactVersion {
  readonly name: string;
  readonly version: string;
}

/** A pack, and no version of it. @throws UsageError */
export const packNameIn = (text: string): PackName => {
  const name = parsePackName(text);
  if (!name.ok) throw new UsageError(`"${text.slice(0, 100)}": ${name.violation.message}`);
  return name.value;
};

/** @throws UsageError where it is a range or no version; RequestInvalid where it is neither. */
export const exactVersion = (text: string): ExactVersion => {
  const { name, exact } = parseRequest(text);
  if (exact === undefined)
    throw new UsageError(`Name one version, as in ${name}@1.0.0; a range may mean another one tomorrow.`);
  return { name, version: exact };
};

/** The same for versions of both trees. */
export const versionAddress = (
  { name, version }: ExactVersion,
  ending: '' | '/yank' | '/deprecate' = '',
): string => `/v1/packs/${encodeURIComponent(name)}/-/${encodeURIComponent(version)}${ending}`;
