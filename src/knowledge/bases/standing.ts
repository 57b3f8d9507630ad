// Pauses a base, which is its kill switch, and holds it, which only stops acceptance; and takes either back.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Capacity } from '../../access/workforces/binding-store.ts';
import type { Tx } from '../../database/connect.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import { requireOnly } from '../../protocol/findings.ts';
import type { BaseId, Operation } from '../../protocol/knowledge/ids.ts';
import { optionalCode, requiredCode } from '../calls/grounds.ts';
import type { KnowledgeRecord } from '../events/events.ts';
import type { Attempt, Done, Written } from '../events/record.ts';
import type { BaseRecord } from './base.ts';
import { type Standing, setStanding } from './base-store.ts';
import { type GovernDeps, type Governed, govern, governanceEvent } from './govern.ts';

/** What a standing shall become, and the event that tells it. */
interface Turn {
  readonly to: Standing;
  readonly tell: (the: GovernDeps, governed: Governed) => KnowledgeRecord;
}

const stands = (base: BaseRecord, to: Standing): boolean =>
  (Object.keys(to) as (keyof Standing)[]).every((name) => base[name] === to[name]);

const outcomeOf = ({ paused, reads, held }: Pick<BaseRecord, 'paused' | 'reads' | 'held'>): JsonObject => ({
  status: paused ? 'paused' : 'active',
  reads,
  held,
});

/** A base that stands so already stays as it is, without an event. */
const turn = async (
  the: GovernDeps,
  tx: Tx,
  governed: Governed,
  { to, tell }: Turn,
): Promise<Done<JsonObject>> => {
  const { base } = governed;
  if (stands(base, to)) return { outcome: outcomeOf(base), status: 200, records: [] };
  await setStanding(tx, base.id, to);
  return { outcome: outcomeOf({ ...base, ...to }), status: 200, records: [tell(the, governed)] };
};

const changing =
  (
    operation: Operation & ('administer' | 'move_pointer'),
    capacities: readonly Capacity[],
    read: (body: JsonBody) => Turn,
  ) =>
  (the: GovernDeps) =>
  async (attempt: Attempt, base: BaseId, body: JsonBody): Promise<Written<JsonObject>> => {
    const authorised = await the.authorise(attempt.by, { base, operation, verb: operation }, capacities);
    const wanted = read(body);
    return govern(the, attempt, authorised, (tx, governed) => turn(the, tx, governed, wanted));
  };

/** Absent: a paused base is still read. */
const readsField = ({ reads = true }: JsonBody): boolean => {
  if (typeof reads === 'boolean') return reads;
  throw fault('validation_error', { field: 'reads' }, 'reads must be true or false.');
};

const grounds = (reason_code: string | undefined) => (reason_code === undefined ? {} : { reason_code });

const ADMINISTRATORS: readonly Capacity[] = ['architect', 'operator'];
const POINTER_MOVERS: readonly Capacity[] = ['reviewer', 'operator'];

/**
 * Nothing is proposed or accepted while a base is paused, and nothing read either where `reads` is false.
 * @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing, validation_error; so do all four
 */
export const pauseBase = changing('administer', ADMINISTRATORS, (body) => {
  requireOnly(body, ['reason_code', 'reads']);
  const [reason_code, reads] = [requiredCode(body, 'reason_code'), readsField(body)];
  return {
    to: { paused: true, reads },
    tell: (the, governed) =>
      governanceEvent(the, governed, 'KnowledgeBasePaused', {
        knowledge_base_id: governed.base.id,
        reads,
        reason_code,
      }),
  };
});

export const resumeBase = changing('administer', ADMINISTRATORS, (body) => {
  requireOnly(body, ['reason_code']);
  const reason = grounds(optionalCode(body, 'reason_code'));
  return {
    to: { paused: false, reads: true },
    tell: (the, governed) =>
      governanceEvent(the, governed, 'KnowledgeBaseResumed', {
        knowledge_base_id: governed.base.id,
        ...reason,
      }),
  };
});

/** Nothing is accepted, and the pointer goes nowhere but back, until it is released. */
export const holdBase = changing('move_pointer', POINTER_MOVERS, (body) => {
  requireOnly(body, ['reason_code']);
  const reason_code = requiredCode(body, 'reason_code');
  return {
    to: { held: true },
    tell: (the, governed) =>
      governanceEvent(the, governed, 'KnowledgeBaseHeld', {
        knowledge_base_id: governed.base.id,
        reason_code,
      }),
  };
});

export const releaseBase = changing('move_pointer', POINTER_MOVERS, (body) => {
  requireOnly(body, ['reason_code']);
  const reason = grounds(optionalCode(body, 'reason_code'));
  return {
    to: { held: false },
    tell: (the, governed) =>
      governanceEvent(the, governed, 'KnowledgeBaseReleased', {
        knowledge_base_id: governed.base.id,
        ...reason,
      }),
  };
});
