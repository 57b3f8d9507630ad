// The addresses of workforces, of the roles and principals in them, and of human bindings.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { formatPublicKeyBase64, type PublicKey } from '../../../keys/key.ts';
import { param } from '../../http/reply.ts';
import { fault } from '../../protocol/faults.ts';
import {
  type PrincipalId,
  parsePrincipalId,
  parseWorkforceId,
  type RoleId,
  type WorkforceId,
} from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, asking, askingWith } from '../asking.ts';
import { type Body, instantField, textField } from '../fields.ts';
import type { Principal } from '../principal.ts';
import { type BindingRow, CAPACITIES } from './binding-store.ts';
import type { BindingRequest } from './bindings.ts';
import type { Declaration } from './declare-role.ts';
import { optional, principalField, principalsField, roleField, wordField, workforceField } from './fields.ts';
import type { WhoseList } from './list.ts';
import type { PrincipalRow } from './principal-store.ts';
import type { PrincipalRequest } from './register-principal.ts';
import type { RoleRow } from './role-store.ts';
import { readKey } from './set-principal-key.ts';
import type { WorkforceRow } from './workforce-store.ts';

export interface WorkforceRoutesDeps extends AskingDeps {
  readonly registerWorkforce: (by: Principal, id: WorkforceId, steward: string) => Promise<WorkforceRow>;
  readonly listWorkforces: (by: Principal) => Promise<readonly WorkforceRow[]>;
  readonly declareRole: (by: Principal, body: Body) => Promise<Declaration>;
  readonly listRoles: (by: Principal, workforce: WorkforceId) => Promise<readonly RoleRow[]>;
  readonly registerPrincipal: (by: Principal, request: PrincipalRequest) => Promise<PrincipalRow>;
  readonly reassignRole: (by: Principal, id: PrincipalId, role: RoleId | null) => Promise<PrincipalRow>;
  readonly setPrincipalKey: (by: Principal, id: PrincipalId, key: PublicKey | null) => Promise<PrincipalRow>;
  readonly endPrincipal: (by: Principal, id: PrincipalId) => Promise<void>;
  readonly listPrincipals: (by: Principal, whose: WhoseList) => Promise<readonly PrincipalRow[]>;
  readonly grantBinding: (by: Principal, request: BindingRequest) => Promise<BindingRow>;
  readonly revokeBinding: (by: Principal, id: string) => Promise<void>;
  readonly listBindings: (by: Principal, whose: WhoseList) => Promise<readonly BindingRow[]>;
}

const workforceBody = ({ id, steward, registered_at }: WorkforceRow) => ({
  workforce: id,
  steward,
  registered_at,
});

const roleBody = ({ id, workforce, authority, declared, declared_at }: RoleRow) => ({
  role: id,
  workforce,
  authority_grant: authority,
  ...('knowledge_access' in declared ? declared : {}),
  declared_at,
});

const principalBody = (row: PrincipalRow) => ({
  principal: row.id,
  workforce: row.workforce,
  account: row.account,
  role: row.role,
  owner: row.owner,
  delegated_by: row.delegated_by,
  public_key: row.public_key === null ? null : formatPublicKeyBase64(row.public_key as PublicKey),
  registered_at: row.registered_at,
  ended_at: row.ended_at,
});

const bindingBody = ({ id, event_id: _, ...row }: BindingRow) => ({ binding: id, ...row });

/** `?workforce=` */
const workforceQuery = (ctx: Context): WorkforceId => {
  const { workforce } = ctx.query;
  const id = typeof workforce === 'string' ? parseWorkforceId(workforce) : undefined;
  if (id !== undefined) return id;
  const message = 'Say of which workforce: ?workforce=workforce:<authority>:<name>';
  throw fault('validation_error', { field: 'workforce' }, message);
};

/** `?account=own` or `?workforce=` */
const whose = (ctx: Context): WhoseList => (ctx.query['account'] === 'own' ? null : workforceQuery(ctx));

const principalParam = (ctx: Context): PrincipalId => {
  const text = param(ctx, 'id');
  const id = parsePrincipalId(text);
  if (id === undefined) throw fault('not_found', { principal: text });
  return id;
};

const addRoleRoutes = (router: Router, the: WorkforceRoutesDeps): void => {
  router.post(
    '/access/workforces',
    askingWith(the, 201, ['workforce', 'steward'], async (by, body) =>
      workforceBody(
        await the.registerWorkforce(by, workforceField(body, 'workforce'), textField(body, 'steward')),
      ),
    ),
  );
  router.get(
    '/access/workforces',
    asking(the, 200, async (by) => ({ workforces: (await the.listWorkforces(by)).map(workforceBody) })),
  );
  router.post(
    '/access/roles',
    askingWith(
      the,
      ({ created }: { readonly created: boolean }) => (created ? 201 : 200),
      null,
      async (by, body) => {
        const { role, created } = await the.declareRole(by, body);
        return { ...roleBody(role), created };
      },
    ),
  );
  router.get(
    '/access/roles',
    asking(the, 200, async (by, ctx) => ({
      roles: (await the.listRoles(by, workforceQuery(ctx))).map(roleBody),
    })),
  );
};

const OF_PRINCIPAL = ['principal', 'workforce', 'account', 'role', 'owner', 'delegated_by'];

const readPrincipal = (body: Body): PrincipalRequest => ({
  principal: principalField(body, 'principal'),
  workforce: optional(workforceField, body, 'workforce'),
  account: textField(body, 'account'),
  role: optional(roleField, body, 'role'),
  owner: optional(principalField, body, 'owner'),
  delegatedBy: principalsField(body, 'delegated_by'),
});

const OF_BINDING = ['human', 'workforce', 'capacity', 'not_before', 'not_after'];

const readBinding = (body: Body): BindingRequest => ({
  human: principalField(body, 'human'),
  workforce: optional(workforceField, body, 'workforce'),
  capacity: wordField(body, 'capacity', CAPACITIES),
  notBefore: instantField(body, 'not_before'),
  notAfter: instantField(body, 'not_after'),
});

/** Null takes the role away; a body that says nothing is a slip. */
const nextRole = (body: Body): RoleId | null => (body['role'] === null ? null : roleField(body, 'role'));

const addPrincipalRoutes = (router: Router, the: WorkforceRoutesDeps): void => {
  router.post(
    '/access/principals',
    askingWith(the, 201, OF_PRINCIPAL, async (by, body) =>
      principalBody(await the.registerPrincipal(by, readPrincipal(body))),
    ),
  );
  router.get(
    '/access/principals',
    asking(the, 200, async (by, ctx) => ({
      principals: (await the.listPrincipals(by, whose(ctx))).map(principalBody),
    })),
  );
  router.put(
    '/access/principals/:id/key',
    askingWith(the, 200, ['public_key'], async (by, body, ctx) =>
      principalBody(await the.setPrincipalKey(by, principalParam(ctx), readKey(body))),
    ),
  );
  router.post(
    '/access/principals/:id/role',
    askingWith(the, 200, ['role'], async (by, body, ctx) =>
      principalBody(await the.reassignRole(by, principalParam(ctx), nextRole(body))),
    ),
  );
  router.delete(
    '/access/principals/:id',
    asking(the, 204, (by, ctx) => the.endPrincipal(by, principalParam(ctx))),
  );
};

const addBindingRoutes = (router: Router, the: WorkforceRoutesDeps): void => {
  router.post(
    '/access/bindings',
    askingWith(the, 201, OF_BINDING, async (by, body) =>
      bindingBody(await the.grantBinding(by, readBinding(body))),
    ),
  );
  router.get(
    '/access/bindings',
    asking(the, 200, async (by, ctx) => ({
      bindings: (await the.listBindings(by, whose(ctx))).map(bindingBody),
    })),
  );
  router.delete(
    '/access/bindings/:id',
    asking(the, 204, (by, ctx) => the.revokeBinding(by, param(ctx, 'id'))),
  );
};

export const addWorkforceRoutes = (router: Router, the: WorkforceRoutesDeps): void => {
  addRoleRoutes(router, the);
  addPrincipalRoutes(router, the);
  addBindingRoutes(router, the);
};
