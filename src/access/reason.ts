// Reads the texts that say why something was done, for everybody to read. Pure.
import { type Fault, fault } from '../protocol/faults.ts';

/** Of versions and of namespaces alike; the length in the version manifest (registry-version-manifest, `yankedReason` and `deprecationReason`). */
const MAX_REASON = 512;

export const wrongField = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const isReason = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= MAX_REASON &&
  !/[\p{Cc}\p{Surrogate}]/u.test(value);

/** @throws Fault validation_error naming the field. */
export const readReason = (value: unknown): string => {
  if (isReason(value)) return value;
  throw wrongField('reason', `must be a text of 1 to ${MAX_REASON} characters, without control characters`);
};
