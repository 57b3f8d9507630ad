// Asks a recorded retrieval again, of the version it was answered from, and tells whether the answer is still the same.

import type { JsonObject } from '../../../keys/canonical.ts';
import { StorageError } from '../../../storage/errors.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Cid } from '../../protocol/cid.ts';
import { Fault, fault } from '../../protocol/faults.ts';
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import { type CapabilityVerb, ownerOf, type Selector } from '../../protocol/knowledge/ids.ts';
import type { Authorise } from '../bases/authorise.ts';
import type { Alarm } from '../events/alarm.ts';
import type { Look, Looked } from './retrieval.ts';
import type { RecordedRetrieval } from './retrieval-store.ts';

/** How one kind of retrieval is asked again. */
export interface Replayed {
  readonly verb: CapabilityVerb;
  /** Fails as StorageError does where the bytes are not what their name says. */
  readonly look: Look<JsonObject, unknown>;
}

export type ReplayOutcome = 'match' | 'erased' | 'mismatch';

export interface ReplayDeps {
  readonly authorise: Authorise;
  readonly findRetrieval: (eventId: string) => Promise<RecordedRetrieval | undefined>;
  /** By the kind that a request names. */
  readonly kinds: Readonly<Record<string, Replayed>>;
  /** Whether anything that a version holds was erased since. */
  readonly hasErasures: (retrieval: RecordedRetrieval, seq: number) => Promise<boolean>;
  readonly alarm: Alarm;
}

export interface ReplayAnswer {
  readonly outcome: ReplayOutcome;
  readonly version: Cid;
  /** As it was recorded. */
  readonly hash: NamedDigest;
}

/** Bytes that are gone or are others: what was given out then cannot be given out now. */
const isBadBytes = (error: unknown): boolean =>
  error instanceof StorageError && ['blob_missing', 'blob_corrupt', 'too_large'].includes(error.code);

const requireOwn = (by: Acting, eventId: string, found: RecordedRetrieval | undefined): RecordedRetrieval => {
  if (found !== undefined && ownerOf(found.base) === by.workforce) return found;
  throw fault('not_found', { event_id: eventId }, 'There is no such retrieval.');
};

const replayedBy = (the: ReplayDeps, { request }: RecordedRetrieval): Replayed => {
  const kind = the.kinds[String(request['kind'])];
  if (kind === undefined) throw new Error(`nothing replays a retrieval of the kind ${request['kind']}`);
  return kind;
};

/** As it was asked for: whoever may only read what is current may replay what was current when he read it. */
const askedFor = ({ request, version }: RecordedRetrieval): readonly Selector[] =>
  [request['selector'], request['other_selector']]
    .filter((selector) => selector !== undefined)
    .map((selector) => (selector === 'current' ? 'current' : (String(selector ?? version) as Cid)));

const outcomeOf = async (
  the: ReplayDeps,
  found: RecordedRetrieval,
  { hash, version }: Looked<unknown>,
): Promise<ReplayOutcome> => {
  if (hash === found.hash) return 'match';
  return (await the.hasErasures(found, version.seq)) ? 'erased' : 'mismatch';
};

const askAgain = async (the: ReplayDeps, found: RecordedRetrieval): Promise<ReplayOutcome> => {
  try {
    const looked = await replayedBy(the, found).look(found.base, found.version, found.request);
    return await outcomeOf(the, found, looked);
  } catch (error) {
    if (error instanceof Fault && error.code === 'content_erased') return 'erased';
    if (isBadBytes(error) || (error instanceof Fault && error.code === 'entry_not_found')) return 'mismatch';
    throw error;
  }
};

/** @throws Fault not_found, authority_denied, knowledge_base_paused */
export const replayRetrieval =
  (the: ReplayDeps) =>
  async (by: Acting, eventId: string): Promise<ReplayAnswer> => {
    const found = requireOwn(by, eventId, await the.findRetrieval(eventId));
    const { base, version, hash } = found;
    const { verb } = replayedBy(the, found);
    for (const selector of askedFor(found))
      await the.authorise(by, { base, operation: 'retrieve', verb, selector });
    const outcome = await askAgain(the, found);
    if (outcome === 'mismatch')
      the.alarm('a recorded retrieval cannot be answered again', { eventId, base, version, expected: hash });
    return { outcome, version, hash };
  };
