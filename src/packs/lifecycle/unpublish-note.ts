// What stays of a version that was unpublished, and until when that may be done. Pure.
import type { Body } from '../../access/fields.ts';
import { readReason, wrongField } from '../../access/reason.ts';
import { type FaultDetails, fault } from '../../protocol/faults.ts';
import type { PackAddress } from '../policy.ts';

export interface UnpublishGrounds {
  readonly reason?: string;
}

export interface UnpublishNote extends UnpublishGrounds {
  readonly unpublishedAt: string;
  readonly unpublishedBy: string;
}

/** Registries MAY unpublish within 72 hours of the publish, and yank only afterwards (registry-operations.md). */
export const WINDOW_HOURS = 72;
const WINDOW_MS = WINDOW_HOURS * 60 * 60 * 1_000;

/** @throws Fault unpublish_window_expired, for everybody: operators yank too. */
export const requireWindow = (publishedAt: Date, now: Date): void => {
  const expiredAt = new Date(publishedAt.getTime() + WINDOW_MS);
  if (now.getTime() <= expiredAt.getTime()) return;
  throw fault('unpublish_window_expired', {
    publishedAt: publishedAt.toISOString(),
    expiredAt: expiredAt.toISOString(),
    windowHours: WINDOW_HOURS,
  });
};

/**
 * The reason may stand in the body or in the address: not every client sends a body with DELETE.
 * @throws Fault validation_error naming the field.
 */
export const readUnpublishGrounds = (body: Body, inQuery: unknown): UnpublishGrounds => {
  const inBody = body['reason'] ?? undefined;
  if (inBody !== undefined && inQuery !== undefined && inBody !== inQuery)
    throw wrongField('reason', 'stands in the body and in the address, and not as the same text');
  const reason = inBody ?? inQuery;
  return reason === undefined ? {} : { reason: readReason(reason) };
};

/** What an answer about an unpublished version says beside that it is not there. */
export const unpublishedDetails = ({ name, version }: PackAddress, note: UnpublishNote): FaultDetails => ({
  name,
  version,
  unpublished: { at: note.unpublishedAt, by: note.unpublishedBy, reason: note.reason ?? null },
});
