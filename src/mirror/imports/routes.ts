// The address at which the operator hands over an export, as one long body.
import type Router from '@koa/router';
import type { Context } from 'koa';
import { EXPORT_TYPE } from '../../client/export-file/format.ts';
import type { RootPin } from '../../client/export-file/root-pin.ts';
import { registryBase } from '../../client/network/http-url.ts';
import type { Admit } from '../../http/admission.ts';
import { atLeast, type Pace } from '../../http/steady.ts';
import { allowTime, LONGEST_UPLOAD_MS } from '../../http/upload-time.ts';
import { TransportError } from '../../network/transport-error.ts';
import { fault } from '../../protocol/faults.ts';
import type { UpstreamRow } from '../upstream-store.ts';
import type { takeExport } from './take-export.ts';

export interface ImportRoutesDeps {
  readonly takeExport: ReturnType<typeof takeExport>;
  readonly shown: (row: UpstreamRow) => object;
  /** Bounds the exports that come in at once: each takes as much room on the disk as it likes. */
  readonly admit: Admit;
  /** What the body has to keep up. */
  readonly pace: Pace;
}

const wrong = (field: string, message: string) => fault('validation_error', { field }, message);

/** `<version>-<hex SHA-256 of its payload>`. */
const pinOf = ({ query }: Context): RootPin | undefined => {
  const { root } = query;
  if (root === undefined) return undefined;
  const [, version, sha256] = /^([1-9]\d{0,8})-([0-9a-f]{64})$/.exec(String(root)) ?? [];
  if (version !== undefined && sha256 !== undefined) return { version: Number(version), sha256 };
  throw wrong('root', 'root reads version-digest: the hex SHA-256 of the payload of a root document.');
};

const fromOf = ({ query }: Context): string | undefined => {
  try {
    return query['from'] === undefined ? undefined : registryBase(String(query['from']));
  } catch (error) {
    if (error instanceof TransportError) throw wrong('from', `from: ${error.message}`);
    throw error;
  }
};

export const addImportRoutes = (router: Router, the: ImportRoutesDeps): void => {
  router.post('/mirror/imports', async (ctx) => {
    const { authorization } = ctx.headers;
    ctx.set('Cache-Control', 'no-store');
    if (!ctx.is(EXPORT_TYPE)) throw fault('unsupported_media_type', { expected: EXPORT_TYPE });
    const body = (): AsyncIterable<Uint8Array> => {
      allowTime(ctx.req, LONGEST_UPLOAD_MS);
      return atLeast(the.pace, ctx.req);
    };
    const asked = { authorization, pin: pinOf(ctx), from: fromOf(ctx), body };
    const row = await the.admit(undefined, () => the.takeExport(asked));
    ctx.status = 202;
    ctx.body = the.shown(row);
  });
};
