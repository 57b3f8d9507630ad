// What a yank says for itself, read from a request and kept with the version. Pure.
import type { Body } from '../../access/fields.ts';
import { readReason, wrongField } from '../../access/reason.ts';

/** What whoever yanks a version gives for it. */
export interface YankGrounds {
  readonly reason: string;
  readonly advisoryUrl?: string;
}

export interface YankNote extends YankGrounds {
  readonly yankedAt: string;
  readonly yankedBy: string;
}

const MAX_URL = 512;

/** A web address in visible characters: people follow it from terminals and pages. */
const isWebAddress = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.length <= MAX_URL &&
  /^https?:\/\/[!-~]+$/.test(value) &&
  URL.canParse(value);

/** @throws Fault validation_error naming the field. */
export const readYankGrounds = (body: Body): YankGrounds => {
  const reason = readReason(body['reason']);
  const { advisoryUrl } = body;
  if (advisoryUrl === undefined || advisoryUrl === null) return { reason };
  if (!isWebAddress(advisoryUrl))
    throw wrongField('advisoryUrl', `must be an http or https URL of at most ${MAX_URL} characters`);
  return { reason, advisoryUrl };
};
