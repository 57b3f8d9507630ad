// Shows bases as they are registered and stand: those that a role lets somebody do anything with.
import type { Acting } from '../../access/workforces/acting.ts';
import { evaluate, type RoleAuthority } from '../../access/workforces/authority.ts';
import {
  type BaseId,
  type CapabilityVerb,
  OPERATIONS,
  type Operation,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import type { Authorise } from './authorise.ts';
import type { BaseRecord } from './base.ts';

export interface ReadBaseDeps {
  readonly authorise: Authorise;
  readonly basesOf: (workforce: WorkforceId) => Promise<readonly BaseRecord[]>;
}

const verbsOf = (operation: Operation): readonly CapabilityVerb[] =>
  operation === 'retrieve' ? ['get', 'list', 'search'] : [operation];

/** What both axes let be done to a base, if anything. */
const permitted = (authority: RoleAuthority, base: BaseId) =>
  OPERATIONS.flatMap((operation) => verbsOf(operation).map((verb) => ({ base, operation, verb }))).find(
    (asked) => evaluate(authority, asked).granted,
  );

const statusOf = ({ paused }: BaseRecord) => (paused ? 'paused' : 'active');

const listed = (base: BaseRecord) => ({
  knowledge_base_id: base.id,
  title: base.registration.title,
  sensitivity: base.sensitivity,
  current: base.current,
  generation: base.generation,
  status: statusOf(base),
});

/** Those of one's own workforce that the role lets be reached; others are not there. */
export const listBases = (the: ReadBaseDeps) => async (by: Acting) => {
  const bases = await the.basesOf(by.workforce);
  return { bases: bases.filter(({ id }) => permitted(by.authority, id) !== undefined).map(listed) };
};

const described = (base: BaseRecord) => ({
  knowledge_base_id: base.id,
  owner: base.workforce,
  ...base.registration,
  contribution_policy: base.policy,
  policy_version: base.policyVersion,
  status: statusOf(base),
  reads: base.reads,
  held: base.held,
  current: { version: base.current, generation: base.generation },
  version_seq: base.lastSeq,
  registered_at: base.registeredAt,
});

/** Whoever may do anything with a base may know how it is governed. @throws Fault knowledge_base_not_found, authority_denied */
export const readBase = (the: ReadBaseDeps) => async (by: Acting, id: BaseId) => {
  const asked = permitted(by.authority, id) ?? ({ base: id, operation: 'retrieve', verb: 'get' } as const);
  return described((await the.authorise(by, asked)).base);
};
