// The forms of the texts in a policy file: how long, which names, which keys, which licences. Pure.
import { KeyError } from '../../../keys/errors.ts';
import { parseKeyId } from '../../../keys/key.ts';
import { digestOfIntegrity } from '../../../storage/digest.ts';
import { TransportError } from '../../network/transport-error.ts';
import {
  type NamespacePattern,
  type PackName,
  type PackVersion,
  parseNamespacePattern,
  parsePackName,
  parsePackVersion,
} from '../../protocol/pack-id.ts';
import { registryBase } from '../network/http-url.ts';

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export const DURATION_FORM = 'a time as in "72h", "7d" or "2w"';

/** In milliseconds, at most some ten years. */
export const durationIn = (text: string): number | undefined => {
  const [, digits, unit = ''] = /^([1-9]\d{0,4})(h|d|w)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  return ms <= 3_660 * 86_400_000 ? ms : undefined;
};

export const PATTERN_FORM = 'a name as in "vendor.acme.tools", or a prefix as in "vendor.acme.*"';

/** Bases are no packs, so their patterns have nothing to say here. */
export const patternIn = (text: string): NamespacePattern | undefined => {
  const pattern = parseNamespacePattern(text);
  return pattern.ok && !pattern.value.startsWith('kb:') ? pattern.value : undefined;
};

export const KEY_FORM = 'a key id, or a fingerprint as in "SHA256:" and 64 hex digits';

const FINGERPRINT = /^SHA256:([0-9A-Fa-f]{64})$/;

export const isFingerprint = (text: string): boolean => FINGERPRINT.test(text);

export const keyIn = (text: string): string | undefined => {
  const hex = FINGERPRINT.exec(text)?.[1];
  if (hex !== undefined) return `SHA256:${hex.toLowerCase()}`;
  try {
    return parseKeyId(text);
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

export const nameIn = (text: string): PackName | undefined => {
  const name = parsePackName(text);
  return name.ok ? name.value : undefined;
};

export const versionIn = (text: string): PackVersion | undefined => {
  const version = parsePackVersion(text);
  return version.ok ? version.value : undefined;
};

export const integrityIn = (text: string): string | undefined =>
  digestOfIntegrity(text) === undefined ? undefined : text;

/** The one spelling of the address of a registry. */
export const addressIn = (text: string): string | undefined => {
  try {
    return registryBase(text);
  } catch (error) {
    if (error instanceof TransportError) return undefined;
    throw error;
  }
};

export const LICENSE_FORM = 'an SPDX id as in "Apache-2.0"';

/** One id, with the exception that goes with it if any: expressions stand in packs, not in lists. */
export const licenseIn = (text: string): string | undefined =>
  /^[A-Za-z0-9][A-Za-z0-9.+:-]{0,99}(?: WITH [A-Za-z0-9.-]{1,100})?$/.test(text) ? text : undefined;

/** A file beside the policy or below it: a policy that came from elsewhere must not name files of its reader. */
export const pathIn = (text: string): string | undefined =>
  /^[A-Za-z0-9._ -]+(?:\/[A-Za-z0-9._ -]+)*$/.test(text) && !text.split('/').includes('..')
    ? text
    : undefined;
