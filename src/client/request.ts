// Reads what is asked for: one pack, in one version or the highest of a range. Pure.
import { type PackName, parsePackName, parsePackVersion } from '../protocol/pack-id.ts';
import { parseRange } from '../protocol/semver-range.ts';
import { RequestInvalid } from './request-invalid.ts';
import type { PackRequest, Wanted } from './resolve.ts';

const parseName = (text: string): PackName => {
  const name = parsePackName(text);
  if (!name.ok) throw new RequestInvalid(`"${text.slice(0, 100)}": ${name.violation.message}`);
  return name.value;
};

/**
 * Reads `NAME`, `NAME@1.0.0` or `NAME@^1.2` (node-semver ranges); a bare name asks for the highest version.
 * @throws RequestInvalid
 */
export const parseRequest = (text: string): PackRequest => {
  const split = text.indexOf('@');
  const name = parseName(split < 0 ? text : text.slice(0, split));
  const range = split < 0 ? '*' : text.slice(split + 1);
  const version = parsePackVersion(range);
  if (version.ok) return { name, range, exact: version.value };
  if (range === '' || parseRange(range) === undefined)
    throw new RequestInvalid(`"${text.slice(0, 100)}": "${range.slice(0, 60)}" is no version and no range.`);
  return { name, range, exact: undefined };
};

/** @throws RequestInvalid */
export const parseWanted = (name: string, version: string): Wanted => {
  const parsed = parsePackVersion(version);
  if (!parsed.ok) throw new RequestInvalid(`"${version.slice(0, 80)}": ${parsed.violation.message}`);
  return { name: parseName(name), version: parsed.value, asked: 'exact' };
};
