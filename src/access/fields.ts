// Reads the fields of a request body into types that cannot be wrong. Pure.
import { type Fault, fault } from '../protocol/faults.ts';
import { parseNamespacePattern } from '../protocol/pack-id.ts';
import { isScope, SCOPES, type TokenScope } from './principal.ts';

export type Body = Readonly<Record<string, unknown>>;

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const MAX_TEXT = 4_096;

/** @throws Fault validation_error naming the field, as every reader here. */
export const textField = (body: Body, field: string): string => {
  const value = body[field];
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT || value.includes('\0')) {
    throw wrong(field, `must be a text of 1 to ${MAX_TEXT} characters, none of them NUL`);
  }
  return value;
};

const listField = (body: Body, field: string): readonly string[] => {
  const value = body[field];
  const ok =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= 64 &&
    value.every((item) => typeof item === 'string' && !item.includes('\0'));
  if (!ok) throw wrong(field, 'must be a list of 1 to 64 texts');
  return value as string[];
};

export const scopesField = (body: Body, field: string): readonly TokenScope[] => {
  const scopes = listField(body, field);
  const unknown = scopes.filter((scope) => !isScope(scope));
  if (unknown.length > 0)
    throw wrong(field, `must be out of ${SCOPES.join(', ')}; unknown: ${unknown.join(', ')}`);
  return scopes.filter(isScope);
};

/** Ids of keys, whether there are such keys or not. */
export const keyIdsField = (body: Body, field: string): readonly string[] => [
  ...new Set(listField(body, field)),
];

/** Patterns such as `vendor.acme.*` or one exact pack name. */
export const namespacesField = (body: Body, field: string): readonly string[] =>
  listField(body, field).map((text) => {
    const pattern = parseNamespacePattern(text, field);
    if (!pattern.ok) throw fault('validation_error', { field, found: text }, pattern.violation.message);
    if (!/[.:]\*$/.test(text) && text.split('.').length < 3) {
      const message = `${text} is the name of no pack; did you mean ${text}.* ?`;
      throw fault('validation_error', { field, found: text }, message);
    }
    return pattern.value;
  });

/** Beyond what four digits tell of a year, in UTC, times are none to the database. */
const [FIRST, LAST] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** An RFC 3339 instant; `null` where the field is absent. */
export const instantField = (body: Body, field: string): Date | null => {
  const value = body[field];
  if (value === undefined || value === null) return null;
  const ok = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(value);
  const instant = new Date(ok ? value : Number.NaN);
  if (!(instant.getTime() >= FIRST && instant.getTime() <= LAST))
    throw wrong(field, 'must be an instant such as 2027-01-31T00:00:00Z');
  return instant;
};
