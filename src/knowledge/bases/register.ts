// Registers a knowledge base: what it is for, where it comes from, who answers for it, and who may change it.

import type { JsonObject } from '../../../keys/canonical.ts';
import { canonicalBytes } from '../../../keys/canonical.ts';
import { requireInForce } from '../../access/workforces/in-force-store.ts';
import { principalWithId } from '../../access/workforces/principal-store.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import { namedDigest } from '../../protocol/knowledge/changes.ts';
import {
  authorityOf,
  type BaseId,
  ownerOf,
  type PrincipalId,
  parseBaseId,
} from '../../protocol/knowledge/ids.ts';
import { DEFAULT_POLICY } from '../../protocol/knowledge/policy.ts';
import type { KnowledgeRecord, MakeKnowledgeEvent } from '../events/events.ts';
import { contextOf } from '../events/events.ts';
import type { Attempt, Done, RecordWrite, Written } from '../events/record.ts';
import { type Authorise, type AuthoriseDeps, type Authorised, authorise } from './authorise.ts';
import type { BaseRecord, Registration } from './base.ts';
import { insertBase, insertPolicy, lockBase } from './base-store.ts';
import { type ReadRegistration, readRegistration } from './registration.ts';

export interface RegisterDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  /** See `authoriseNew`. */
  readonly authoriseNew: Authorise;
  readonly record: RecordWrite;
  readonly make: MakeKnowledgeEvent;
  /** Sees to it that versions of the authority's bases can be signed. */
  readonly ensureSigner: (authority: string) => Promise<unknown>;
}

const MOST_SHOWN = 300;

const readId = ({ knowledge_base_id: id }: JsonBody): BaseId => {
  const base = typeof id === 'string' ? parseBaseId(id) : undefined;
  if (base === undefined)
    throw fault('invalid_knowledge_base_id', {
      found: typeof id === 'string' ? id.slice(0, MOST_SHOWN) : null,
    });
  return base;
};

const requireSteward = async (the: RegisterDeps, base: BaseId, { registration }: ReadRegistration) => {
  const { steward } = registration;
  const found = await principalWithId(the.sql, steward);
  if (found?.workforce === ownerOf(base) && found.ended_at === null) return;
  const message = `No human of that name acts in ${ownerOf(base)}.`;
  throw fault(
    'validation_error',
    { violations: [{ code: 'validation_error', where: '/steward', message }] },
    message,
  );
};

const eventOf = (
  the: RegisterDeps,
  { by }: Attempt,
  { clauses }: Authorised,
  base: BaseId,
  { registration, policy }: ReadRegistration,
): KnowledgeRecord => {
  return the.make(
    'KnowledgeBaseRegistered',
    contextOf(by, clauses, null),
    {
      knowledge_base_id: base,
      owner: by.workforce,
      sensitivity: registration.data_manifest.sensitivity,
      policy_version: 1,
      registration_hash: namedDigest(canonicalBytes(registration)),
      policy_hash: namedDigest(canonicalBytes(policy)),
    },
    { base },
  );
};

const NOTHING_SAID: Registration = {
  title: '',
  purpose: '',
  steward: '' as PrincipalId,
  data_manifest: { sources: [], sensitivity: 'restricted', residency: null, approval_model: 'closed' },
  retention: { min_days: 0, min_versions: 1, legal_hold: false },
};

const unregistered = (id: BaseId): BaseRecord => ({
  id,
  workforce: ownerOf(id),
  registration: NOTHING_SAID,
  sensitivity: NOTHING_SAID.data_manifest.sensitivity,
  policy: { ...DEFAULT_POLICY, mode: 'closed' },
  policyVersion: 0,
  paused: false,
  reads: true,
  held: false,
  generation: 0,
  current: null,
  pointerEvent: null,
  lastSeq: 0,
  registeredAt: new Date(0),
  eventId: '',
});

/** Whether somebody may register a base: asked as if it were there, with nothing in it. */
export const authoriseNew = (the: Omit<AuthoriseDeps, 'findBase'>): Authorise =>
  authorise({ ...the, findBase: async (id) => unregistered(id) });

const baseOf = (
  id: BaseId,
  { registration, policy }: ReadRegistration,
  { event }: KnowledgeRecord,
): BaseRecord => ({
  ...unregistered(id),
  registration,
  sensitivity: registration.data_manifest.sensitivity,
  policy,
  policyVersion: 1,
  registeredAt: event.at,
  eventId: event.id,
});

const insert = async (tx: Tx, base: BaseRecord): Promise<void> => {
  if (!(await insertBase(tx, base))) throw fault('already_exists', { knowledge_base_id: base.id });
  await insertPolicy(tx, base.id, base.policyVersion, base.policy, base.registeredAt, base.eventId);
};

const doneWith = (base: BaseRecord, record: KnowledgeRecord): Done<JsonObject> => ({
  outcome: {
    knowledge_base_id: base.id,
    policy_version: base.policyVersion,
    registered_at: base.registeredAt.toISOString(),
  },
  status: 201,
  records: [record],
});

/**
 * By a human of the owner, in a role that names this very base.
 * @throws Fault invalid_knowledge_base_id, knowledge_base_not_found (of another workforce), authority_denied,
 *   human_binding_missing, validation_error, policy_invalid, confidence_floor_too_low, already_exists
 */
export const registerBase =
  (the: RegisterDeps) =>
  async (attempt: Attempt, body: JsonBody): Promise<Written<JsonObject>> => {
    const id = readId(body);
    const asked = { base: id, operation: 'administer', verb: 'administer' } as const;
    const authorised = await the.authoriseNew(attempt.by, asked, ['architect', 'operator']);
    const read = readRegistration(body);
    await requireSteward(the, id, read);
    await the.ensureSigner(authorityOf(id));
    return the.record(attempt, async (tx) => {
      await lockBase(tx, id);
      await requireInForce(tx, attempt.by, authorised.binding, the.now());
      const record = eventOf(the, attempt, authorised, id, read);
      const base = baseOf(id, read, record);
      await insert(tx, base);
      return doneWith(base, record);
    });
  };
