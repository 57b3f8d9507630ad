// The first question of every call on a base: do both axes of the role let it, and is the human bound?

import type { Acting } from '../../access/workforces/acting.ts';
import { type Asked, evaluate, knowsBase, type MissingAxis } from '../../access/workforces/authority.ts';
import type { Capacity } from '../../access/workforces/binding-store.ts';
import { fault } from '../../protocol/faults.ts';
import { type BaseId, capabilityOf, isHuman, ownerOf } from '../../protocol/knowledge/ids.ts';
import type { BaseRecord } from './base.ts';

export interface AuthoriseDeps {
  readonly findBase: (id: BaseId) => Promise<BaseRecord | undefined>;
  /** The id of a binding in force by which a human may act for a workforce in one of the capacities. */
  readonly bindingOf: (human: Acting, capacities: readonly Capacity[]) => Promise<string | undefined>;
  /** Records what was refused. */
  readonly recordRefusal: (
    by: Acting,
    asked: Asked,
    missing: MissingAxis | 'human_binding',
  ) => Promise<unknown>;
}

export interface Authorised {
  readonly base: BaseRecord;
  /** Of the base axis and of the capability axis. */
  readonly clauses: readonly string[];
  /** By which a human decides; null where none was asked for. */
  readonly binding: string | null;
}

/** @param capacities in which a human must be bound; none where anybody may whom the role lets. */
export type Authorise = (by: Acting, asked: Asked, capacities?: readonly Capacity[]) => Promise<Authorised>;

/** To another workforce a base that it was never granted looks like none, however long looking for it would take. */
const requireVisible = async (the: AuthoriseDeps, by: Acting, asked: Asked): Promise<BaseRecord> => {
  const isOwn = by.workforce === ownerOf(asked.base);
  const base = isOwn ? await the.findBase(asked.base) : undefined;
  if (base !== undefined) return base;
  throw fault('knowledge_base_not_found', { knowledge_base_id: asked.base });
};

const refuse = async (the: AuthoriseDeps, by: Acting, asked: Asked, missing: MissingAxis): Promise<never> => {
  await the.recordRefusal(by, asked, missing);
  throw fault('authority_denied', {
    missing_axis: missing,
    operation: asked.operation,
    knowledge_base_id: asked.base,
    capability_kind: capabilityOf(asked.base, asked.verb),
    role: by.role,
    knowsBase: knowsBase(by.authority, asked.base),
  });
};

const requireBinding = async (
  the: AuthoriseDeps,
  by: Acting,
  asked: Asked,
  capacities: readonly Capacity[],
): Promise<string> => {
  const binding = isHuman(by.id) ? await the.bindingOf(by, capacities) : undefined;
  if (binding !== undefined) return binding;
  await the.recordRefusal(by, asked, 'human_binding');
  throw fault('human_binding_missing', { principal: by.id, capacities });
};

/** @throws Fault knowledge_base_not_found, authority_denied, human_binding_missing */
export const authorise =
  (the: AuthoriseDeps): Authorise =>
  async (by, asked, capacities = []) => {
    const base = await requireVisible(the, by, asked);
    const granted = evaluate(by.authority, asked);
    if (!granted.granted) return refuse(the, by, asked, granted.missing);
    const binding = capacities.length === 0 ? null : await requireBinding(the, by, asked, capacities);
    return { base, clauses: granted.clauses, binding };
  };
