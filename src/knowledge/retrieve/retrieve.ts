// Retrieves from a version of a base: may he, what is it, record that it is given out, and only then give it.

import { randomUUID } from 'node:crypto';
import { canonicalBytes, type JsonObject } from '../../../keys/canonical.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { Queryable } from '../../database/connect.ts';
import type { Cid } from '../../protocol/cid.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import {
  authorityOf,
  type BaseId,
  type CapabilityVerb,
  capabilityOf,
  type Selector,
} from '../../protocol/knowledge/ids.ts';
import type { Authorise } from '../bases/authorise.ts';
import type { Alarm } from '../events/alarm.ts';
import { rowOfRecord } from '../events/event-rows.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import { type Looked, type ReadVersion, requireReadable } from './retrieval.ts';
import { type AppendRetrieval, type RetrievalOutcome, versionsFor } from './retrieval-store.ts';

export interface RetrieveDeps {
  /** May remember bases: how one stands now, looking asks. */
  readonly authorise: Authorise;
  readonly makeEvent: MakeKnowledgeEvent;
  readonly append: AppendRetrieval;
  readonly alarm: Alarm;
}

export interface Asking {
  readonly by: Acting;
  readonly base: BaseId;
  /** As it was asked for. */
  readonly selector: Selector;
  /** Other versions that the answer tells of. */
  readonly others?: readonly Selector[];
  readonly verb: CapabilityVerb;
  /** What is asked of the version; enough to ask it again. */
  readonly request: JsonObject;
}

export interface Retrieved<Given> extends Looked<Given> {
  readonly eventId: string;
}

/** Looks at a version of the base, `current` resolved this once. */
export const versionFor = async (db: Queryable, base: BaseId, selector: Selector): Promise<ReadVersion> => {
  const [found] = await versionsFor(db, base, [selector]);
  return requireReadable(base, selector, found);
};

const recordedRequest = ({ selector, request }: Asking, { resolved }: Looked<unknown>): JsonObject => ({
  ...(resolved ?? request),
  selector,
});

const eventOf = (
  the: RetrieveDeps,
  { by, base, selector, verb }: Asking,
  clauses: readonly string[],
  { version, hash, entries, bytes }: Looked<unknown>,
  request: JsonObject,
): KnowledgeRecord =>
  the.makeEvent(
    'CapabilityInvoked',
    // What is read leads on to whoever proposed it.
    contextOf(by, clauses, version.eventId),
    {
      provider_id: `provider:${authorityOf(base)}:attestry`,
      capability_kind: capabilityOf(base, verb),
      knowledge_base_id: base,
      knowledge_base_version: version.id,
      retrieved_content_hash: hash,
      requested_selector: selector,
      entries,
      bytes,
      request_hash: namedDigest(canonicalBytes(request)),
      cost_record: { cost_record_id: randomUUID(), units: 'bytes', amount: bytes, is_estimate: false },
    },
    { base },
  );

const refusalOf = ({ by }: Asking, { token_ok, principal_ok }: RetrievalOutcome): Fault | undefined => {
  if (!token_ok)
    return fault('key_revoked', {}, 'This token ended while the request was under way; ask for a new one.');
  if (principal_ok) return undefined;
  const message = 'This principal ended, or changed its role, meanwhile.';
  return fault('principal_required', { principal: by.id }, message);
};

const append = async (
  the: RetrieveDeps,
  asking: Asking,
  record: KnowledgeRecord,
  version: Cid,
  request: JsonObject,
  hash: Looked<unknown>['hash'],
): Promise<RetrievalOutcome> => {
  const { by } = asking;
  const who = { token_id: by.token.tokenId, principal: by.id, role: by.role };
  try {
    return await the.append({ ...rowOfRecord(record), ...who, version, request, hash });
  } catch (error) {
    the.alarm('a retrieval could not be recorded, so nothing was given out', {
      base: asking.base,
      err: error,
    });
    throw fault('audit_unavailable');
  }
};

const record = async (
  the: RetrieveDeps,
  asking: Asking,
  clauses: readonly string[],
  looked: Looked<unknown>,
): Promise<string> => {
  const request = recordedRequest(asking, looked);
  const made = eventOf(the, asking, clauses, looked, request);
  const outcome = await append(the, asking, made, looked.version.id, request, looked.hash);
  const refusal = refusalOf(asking, outcome);
  if (refusal !== undefined) throw refusal;
  return made.event.id;
};

/** Whoever is told of several versions must be allowed each of them. */
const authorise = async (the: RetrieveDeps, asking: Asking): Promise<readonly string[]> => {
  const { by, base, verb } = asking;
  const clauses = new Set<string>();
  for (const selector of [asking.selector, ...(asking.others ?? [])]) {
    const granted = await the.authorise(by, { base, operation: 'retrieve', verb, selector });
    for (const clause of granted.clauses) clauses.add(clause);
  }
  return [...clauses];
};

export type Retrieve = <Given>(
  asking: Asking,
  look: () => Promise<Looked<Given>>,
) => Promise<Retrieved<Given>>;

/**
 * @throws Fault knowledge_base_not_found, authority_denied; whatever `look` throws; key_revoked or principal_required
 *   where that ended meanwhile; audit_unavailable
 */
export const retrieve =
  (the: RetrieveDeps): Retrieve =>
  async (asking, look) => {
    const clauses = await authorise(the, asking);
    const looked = await look();
    try {
      // The point of no return: before it nothing was given out, after it there is an event that says what was.
      return { ...looked, eventId: await record(the, asking, clauses, looked) };
    } catch (error) {
      await looked.release?.();
      throw error;
    }
  };
