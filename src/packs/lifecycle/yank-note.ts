// What a yank says for itself, read from a request and kept with the version. Pure.
import type { Body } from '../../access/fields.ts';
import { type Fault, fault } from '../../protocol/faults.ts';

/** What whoever yanks a version gives for it. */
export interface YankGrounds {
  readonly reason: string;
  readonly advisoryUrl?: string;
}

export interface YankNote extends YankGrounds {
  readonly yankedAt: string;
  readonly yankedBy: string;
}

/** Lengths of the version manifest (registry-version-manifest, `yankedReason`). */
const MAX_REASON = 512;
const MAX_URL = 512;

const wrong = (field: string, rule: string): Fault =>
  fault('validation_error', { field }, `${field} ${rule}.`);

const isReason = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= MAX_REASON &&
  !/[\p{Cc}\p{Surrogate}]/u.test(value);

/** A web address in visible characters: people follow it from terminals and pages. */
const isWebAddress = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= MAX_URL &&
  /^https?:\/\/[!-~]+$/.test(value) &&
  URL.canParse(value);

/** @throws Fault validation_error naming the field. */
export const readYankGrounds = ({ reason, advisoryUrl }: Body): YankGrounds => {
  if (!isReason(reason))
    throw wrong('reason', `must be a text of 1 to ${MAX_REASON} characters, without control characters`);
  if (advisoryUrl === undefined || advisoryUrl === null) return { reason };
  if (!isWebAddress(advisoryUrl))
    throw wrong('advisoryUrl', `must be an http or https URL of at most ${MAX_URL} characters`);
  return { reason, advisoryUrl };
};
