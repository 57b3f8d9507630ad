// Who acts on knowledge: a token's principal with its role, everybody who stands behind it, and the trace it comes in.
import { fault } from '../../protocol/faults.ts';
import {
  isHuman,
  type PrincipalId,
  parsePrincipalId,
  type RoleId,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import type { Authenticate } from '../authenticate.ts';
import { requireScope } from '../grants.ts';
import { actorOf, type Principal } from '../principal.ts';
import type { RoleAuthority } from './authority.ts';
import { newTrace, readTrace, type Trace } from './trace.ts';

/** A principal in force, as the database has it. */
export interface PrincipalRecord {
  readonly id: PrincipalId;
  readonly workforce: WorkforceId;
  readonly account: string;
  readonly role: RoleId | null;
  /** Nothing where there is no role. */
  readonly authority: RoleAuthority;
  /** The principal itself, its account, its owner, whoever delegated, and so on up: nobody of them judges another. */
  readonly closure: readonly string[];
}

export interface Acting extends PrincipalRecord {
  readonly token: Principal;
  readonly trace: Trace;
}

/** Everything here was chosen by the caller. */
export interface ActingRequest {
  readonly authorization: string | undefined;
  /** `Attestry-Principal`: needed only where an account acts as several. */
  readonly principal: string | undefined;
  /** W3C Trace Context. */
  readonly traceparent: string | undefined;
  /** Whose base the request is about, where it is about one. */
  readonly workforce?: WorkforceId | undefined;
}

export interface ActingDeps {
  readonly authenticate: Authenticate;
  /** Those in force that an account acts as. */
  readonly principalsOf: (account: string) => Promise<readonly PrincipalRecord[]>;
}

export type WhoActs = (
  request: ActingRequest,
  scope: 'knowledge:read' | 'knowledge:write',
) => Promise<Acting>;

/** Of several, those of the workforce that the request is about: what others make of an account must not disturb it. */
const candidates = (
  found: readonly PrincipalRecord[],
  { principal, workforce }: ActingRequest,
): readonly PrincipalRecord[] => {
  if (principal !== undefined) return found.filter(({ id }) => id === parsePrincipalId(principal));
  const own = found.filter((each) => each.workforce === workforce);
  return own.length > 0 ? own : found;
};

const choose = (found: readonly PrincipalRecord[], request: ActingRequest): PrincipalRecord => {
  const [only, ...others] = candidates(found, request);
  if (only !== undefined && others.length === 0) return only;
  const cure =
    found.length === 0
      ? 'Ask the steward of a workforce: attestry workforce principal …'
      : 'Send "Attestry-Principal" with one of those in the details.';
  throw fault('principal_required', { principals: found.map(({ id }) => id) }, `Name who acts. ${cure}`);
};

/** Whoever is no human acts for somebody, and has to say in which trace. */
const traceOf = ({ id }: PrincipalRecord, traceparent: string | undefined): Trace => {
  const trace = traceparent === undefined ? undefined : readTrace(traceparent);
  if (trace !== undefined) return trace;
  if (isHuman(id)) return newTrace();
  throw fault('traceparent_required', { found: traceparent ?? null });
};

/**
 * @throws Fault unauthenticated, key_expired, key_revoked, forbidden (scope), principal_required; traceparent_required
 *   for a worker
 */
export const whoActs =
  (the: ActingDeps): WhoActs =>
  async (request, scope) => {
    const token = await the.authenticate(request.authorization);
    requireScope(token, scope);
    const record = choose(await the.principalsOf(token.account), request);
    return { ...record, token, trace: traceOf(record, request.traceparent) };
  };

/** How the diagnostics name whoever acts. */
export const nameOf = ({ token, id }: Acting): string => `${actorOf(token)} as ${id}`;
