// What a role grants, on two independent axes, and whether both let something happen (OWP-2 WD 0.2 §3.2.4). Pure.
import {
  type BaseId,
  type CapabilityKind,
  type CapabilityVerb,
  capabilityOf,
  type Operation,
  type Selector,
} from '../../protocol/knowledge/ids.ts';

export interface BaseClause {
  readonly clause: string;
  readonly knowledge_base_id: BaseId;
  readonly operations: readonly Operation[];
  /** `current`: whichever is current; `any`; or these. */
  readonly versions: 'current' | 'any' | readonly string[];
  /** True where it was read out of an older form. */
  readonly inferred?: true;
}

export interface CapabilityClause {
  readonly clause: string;
  readonly capability_kind: CapabilityKind;
  readonly inferred?: true;
}

/** No wildcard, no order, no default: what no clause names is not granted. */
export interface RoleAuthority {
  readonly knowledge_bases: readonly BaseClause[];
  readonly knowledge_capabilities: readonly CapabilityClause[];
}

export interface Asked {
  readonly base: BaseId;
  readonly operation: Operation;
  readonly verb: CapabilityVerb;
  /** As it was asked for, and not what it stood for: `current`, or a version; absent where none is asked for. */
  readonly selector?: Selector;
}

export type MissingAxis = 'knowledge_base' | 'knowledge_capability' | 'both';

export type Granted =
  | { readonly granted: true; readonly clauses: readonly [string, string] }
  | { readonly granted: false; readonly missing: MissingAxis };

const reachesVersion = ({ versions }: BaseClause, selector: Selector | undefined): boolean =>
  selector === undefined ||
  versions === 'any' ||
  (versions === 'current' ? selector === 'current' : versions.includes(selector));

const baseClause = ({ knowledge_bases }: RoleAuthority, asked: Asked): BaseClause | undefined =>
  knowledge_bases.find(
    (each) =>
      each.knowledge_base_id === asked.base &&
      each.operations.includes(asked.operation) &&
      reachesVersion(each, asked.selector),
  );

const capabilityClause = (
  { knowledge_capabilities }: RoleAuthority,
  { base, verb }: Asked,
): CapabilityClause | undefined => {
  const wanted = capabilityOf(base, verb);
  return knowledge_capabilities.find(({ capability_kind }) => capability_kind === wanted);
};

/** Both axes must name it, each in a clause of its own. */
export const evaluate = (authority: RoleAuthority, asked: Asked): Granted => {
  const [base, capability] = [baseClause(authority, asked), capabilityClause(authority, asked)];
  if (base !== undefined && capability !== undefined)
    return { granted: true, clauses: [base.clause, capability.clause] };
  const missing =
    base === undefined && capability === undefined
      ? 'both'
      : base === undefined
        ? 'knowledge_base'
        : 'knowledge_capability';
  return { granted: false, missing };
};

/** Whether a role says anything about a base: to whoever has none of it, the base is not there. */
export const knowsBase = ({ knowledge_bases }: RoleAuthority, base: BaseId): boolean =>
  knowledge_bases.some(({ knowledge_base_id }) => knowledge_base_id === base);
