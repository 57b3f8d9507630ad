// What bases, workforces, roles, principals and contributions are called, in the one spelling of each. Pure.
import type { Cid } from '../cid.ts';

/** `kb:<authority>:<workforce-id>:<local-id>`: names its one owner, and no version. */
export type BaseId = string & { readonly __brand: 'BaseId' };
/** `workforce:<authority>:<workforce-id>` */
export type WorkforceId = string & { readonly __brand: 'WorkforceId' };
/** `role:<authority>:<name>/v<n>` */
export type RoleId = string & { readonly __brand: 'RoleId' };
/** `human:<authority>:<local-id>` or `worker:<authority>:<workforce-id>:<local-id>` (OWP-2 WD 0.2 §3.1.2) */
export type PrincipalId = string & { readonly __brand: 'PrincipalId' };
/** `capability:<authority>:knowledge.<verb>/v1` */
export type CapabilityKind = string & { readonly __brand: 'CapabilityKind' };
/** `contribution:<base without "kb:">:<ULID in lower case>` */
export type ContributionId = string & { readonly __brand: 'ContributionId' };

const AUTHORITY = '[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?';
const LOCAL = '[a-z0-9][a-z0-9._-]{0,63}';

const shape = (text: string): RegExp => new RegExp(`^${text}$`);
const BASE = shape(`kb:(${AUTHORITY}):(${LOCAL}):${LOCAL}`);
const WORKFORCE = shape(`workforce:(${AUTHORITY}):${LOCAL}`);
const ROLE = shape(`role:(${AUTHORITY}):${LOCAL}/v[1-9][0-9]{0,5}`);
const HUMAN = shape(`human:(${AUTHORITY}):${LOCAL}`);
const WORKER = shape(`worker:(${AUTHORITY}):(${LOCAL}):${LOCAL}`);
const CONTRIBUTION = shape(`contribution:(${AUTHORITY}:${LOCAL}:${LOCAL}):[0-9a-hjkmnp-tv-z]{26}`);

const reader =
  <T extends string>(pattern: RegExp) =>
  (text: string): T | undefined =>
    pattern.test(text) ? (text as T) : undefined;

/** Each reads the one spelling of an id; any other text is undefined. */
export const parseBaseId = reader<BaseId>(BASE);
export const parseWorkforceId = reader<WorkforceId>(WORKFORCE);
export const parseRoleId = reader<RoleId>(ROLE);
export const parseContributionId = reader<ContributionId>(CONTRIBUTION);
export const parsePrincipalId = (text: string): PrincipalId | undefined =>
  HUMAN.test(text) || WORKER.test(text) ? (text as PrincipalId) : undefined;

export const isHuman = (id: PrincipalId): boolean => id.startsWith('human:');

/** The DNS name that answers for an id of any kind. */
export const authorityOf = (id: BaseId | WorkforceId | RoleId | PrincipalId): string =>
  id.split(':')[1] ?? '';

export const ownerOf = (base: BaseId): WorkforceId => {
  const [, authority, workforce] = base.split(':');
  return `workforce:${authority}:${workforce}` as WorkforceId;
};

/** Whether an id may stand in a workforce: humans by its authority, workers by its very name. */
export const belongsTo = (id: PrincipalId, workforce: WorkforceId): boolean =>
  isHuman(id)
    ? authorityOf(id) === authorityOf(workforce)
    : id.startsWith(`worker:${workforce.slice('workforce:'.length)}:`);

/** @param ulid 26 characters of Crockford base32 in lower case */
export const contributionIdOf = (base: BaseId, ulid: string): ContributionId =>
  `contribution:${base.slice('kb:'.length)}:${ulid}` as ContributionId;

export const baseOfContribution = (id: ContributionId): BaseId =>
  `kb:${CONTRIBUTION.exec(id)?.[1] ?? ''}` as BaseId;

/** What may be done to a base: the first axis of authority. */
export const OPERATIONS = ['retrieve', 'propose', 'review', 'accept', 'move_pointer', 'administer'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The capabilities by which it is done: the second axis. The first three serve reads, the others one operation each. */
export const CAPABILITY_VERBS = [
  'get',
  'list',
  'search',
  'propose',
  'review',
  'accept',
  'move_pointer',
  'administer',
] as const;
export type CapabilityVerb = (typeof CAPABILITY_VERBS)[number];

const CAPABILITY = shape(`capability:(${AUTHORITY}):knowledge\\.(?:${CAPABILITY_VERBS.join('|')})/v1`);
export const parseCapabilityKind = reader<CapabilityKind>(CAPABILITY);

export const capabilityOf = (base: BaseId, verb: CapabilityVerb): CapabilityKind =>
  `capability:${authorityOf(base)}:knowledge.${verb}/v1` as CapabilityKind;

/** A version of a base by its content id, or whichever is current. */
export type Selector = 'current' | Cid;
