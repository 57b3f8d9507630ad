// The addresses at which bases are registered, shown and governed.
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Acting } from '../../access/workforces/acting.ts';
import type { JsonBody } from '../../http/body.ts';
import { fault } from '../../protocol/faults.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { type AskingDeps, baseParam, reading, writing } from '../calls/asking.ts';
import type { Attempt, Written } from '../events/record.ts';
import type { PolicyRequest } from './change-policy.ts';

type Turn = (attempt: Attempt, base: BaseId, body: JsonBody) => Promise<Written<JsonObject>>;

export interface BaseRoutesDeps extends AskingDeps {
  readonly registerBase: (attempt: Attempt, body: JsonBody) => Promise<Written<JsonObject>>;
  readonly listBases: (by: Acting) => Promise<object>;
  readonly readBase: (by: Acting, base: BaseId) => Promise<object>;
  readonly changePolicy: (attempt: Attempt, request: PolicyRequest) => Promise<Written<JsonObject>>;
  readonly pause: Turn;
  readonly resume: Turn;
  readonly hold: Turn;
  readonly release: Turn;
}

const POLICY_VERSION = /^"([1-9][0-9]{0,8})"$/;

/** `If-Match: "<policy version>"`, where whoever asks does not want to overwrite what he did not see. */
const versionSeen = (ctx: Context): number | undefined => {
  const header = ctx.get('If-Match');
  const [, digits] = POLICY_VERSION.exec(header.trim()) ?? [];
  if (digits !== undefined) return Number(digits);
  if (header === '') return undefined;
  const message = 'If-Match names the version of the policy in quotes: If-Match: "3".';
  throw fault('validation_error', { header: 'If-Match', found: header.slice(0, 100) }, message);
};

export const addBaseRoutes = (router: Router, the: BaseRoutesDeps): void => {
  const bases = '/knowledge/v1/bases';
  router.post(
    bases,
    writing(the, (attempt, body) => the.registerBase(attempt, body)),
  );
  router.get(
    bases,
    reading(the, (by) => the.listBases(by)),
  );
  router.get(
    `${bases}/:kb`,
    reading(the, (by, ctx) => the.readBase(by, baseParam(ctx))),
  );
  router.put(
    `${bases}/:kb/policy`,
    writing(the, (attempt, body, ctx) =>
      the.changePolicy(attempt, { base: baseParam(ctx), body, policyVersion: versionSeen(ctx) }),
    ),
  );
  for (const act of ['pause', 'resume', 'hold', 'release'] as const)
    router.post(
      `${bases}/:kb/${act}`,
      writing(the, (attempt, body, ctx) => the[act](attempt, baseParam(ctx), body)),
    );
};
