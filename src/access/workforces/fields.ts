// Reads the ids and words of request bodies about workforces. Pure.
import { type Fault, fault } from '../../protocol/faults.ts';
import {
  type PrincipalId,
  parsePrincipalId,
  parseRoleId,
  parseWorkforceId,
  type RoleId,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import type { Body } from '../fields.ts';

const wrong = (field: string, form: string): Fault =>
  fault('validation_error', { field }, `${field} must read ${form}.`);

const FORMS = {
  workforce: 'workforce:<authority>:<name>',
  role: 'role:<authority>:<name>/v<n>',
  principal: 'human:<authority>:<name> or worker:<authority>:<workforce>:<name>',
} as const;

const reader =
  <T>(form: string, parse: (text: string) => T | undefined) =>
  (body: Body, field: string): T => {
    const value = body[field];
    const id = typeof value === 'string' ? parse(value) : undefined;
    if (id === undefined) throw wrong(field, form);
    return id;
  };

/** @throws Fault validation_error naming the field, as every reader here. */
export const workforceField = reader<WorkforceId>(FORMS.workforce, parseWorkforceId);
export const roleField = reader<RoleId>(FORMS.role, parseRoleId);
export const principalField = reader<PrincipalId>(FORMS.principal, parsePrincipalId);

/** Undefined where the field is absent or null. */
export const optional = <T>(
  read: (body: Body, field: string) => T,
  body: Body,
  field: string,
): T | undefined => (body[field] === undefined || body[field] === null ? undefined : read(body, field));

const MOST_DELEGATORS = 16;

/** Several principals, each once; none where the field is absent. */
export const principalsField = (body: Body, field: string): readonly PrincipalId[] => {
  const value = body[field] ?? [];
  if (!Array.isArray(value) || value.length > MOST_DELEGATORS)
    throw wrong(field, `as a list of at most ${MOST_DELEGATORS} principals`);
  return [...new Set(value.map((each: unknown) => principalField({ [field]: each }, field)))];
};

/** One of a closed list. */
export const wordField = <W extends string>(body: Body, field: string, words: readonly W[]): W => {
  const found = words.find((word) => word === body[field]);
  if (found === undefined) throw wrong(field, `one of ${words.join(', ')}`);
  return found;
};
