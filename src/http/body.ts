// Takes request bodies within a limit, whatever their headers claim.
import type { Context } from 'koa';
import { type Fault, fault } from '../protocol/faults.ts';

const MAX_JSON_BYTES = 64 * 1024;

const collect = async (source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > maxBytes) throw fault('payload_too_large', { maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const malformed = (message: string): Fault => fault('validation_error', {}, message);

export type JsonBody = Readonly<Record<string, unknown>>;

export interface TakenBody {
  readonly bytes: Uint8Array;
  /** A JSON object; `{}` where there is no body. */
  readonly read: () => JsonBody;
}

/**
 * Waits for the whole body, and reads it when it is asked for: whoever sent it may be looked at in between, and not
 * before, since a slow body may outlive the token that it came with.
 */
export const takeBytes = async (ctx: Context, maxBytes = MAX_JSON_BYTES): Promise<TakenBody> => {
  const bytes = await collect(ctx.req, maxBytes);
  return { bytes, read: () => jsonOf(ctx, bytes.toString('utf8')) };
};

/** `takeBytes` for whoever does not look at the bytes. */
export const takeBody = async (ctx: Context): Promise<() => JsonBody> => (await takeBytes(ctx)).read;

/** A JSON object from the body; `{}` where there is no body. */
export const jsonBody = async (ctx: Context): Promise<JsonBody> => (await takeBody(ctx))();

const jsonOf = (ctx: Context, text: string): JsonBody => {
  if (text === '') return {};
  if (!ctx.is('json')) throw fault('unsupported_media_type', { expected: 'application/json' });
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.');
  }
  return value as JsonBody;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
};
