// Takes request bodies within a limit, whatever their headers claim.
import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { type Fault, fault } from '../protocol/faults.ts';
import { atLeast, type Pace } from './steady.ts';

export const MAX_JSON_BYTES = 64 * 1024;
/** Of a body that fits into a few packets. */
export const JSON_PACE: Pace = { graceMs: 10_000, bytesPerSecond: 8 * 1024 };
/** Far deeper than anything that is asked for: what reads the body may go down into it by calling itself. */
const MAX_JSON_DEPTH = 64;

/** Whether one is announced: of a length that is more than none, or of one that is not told. */
export const hasBody = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

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
  const bytes = await collect(atLeast(ctx.state.jsonPace ?? JSON_PACE, ctx.req), maxBytes);
  return { bytes, read: () => jsonOf(ctx, bytes.toString('utf8')) };
};

/** `takeBytes` for whoever does not look at the bytes. */
export const takeBody = async (ctx: Context): Promise<() => JsonBody> => (await takeBytes(ctx)).read;

/** A JSON object from the body; `{}` where there is no body. */
export const jsonBody = async (ctx: Context): Promise<JsonBody> => (await takeBody(ctx))();

const jsonOf = (ctx: Context, text: string): JsonBody => {
  if (text === '') return {};
  if (!ctx.is('json')) throw fault('unsupported_media_type', { expected: 'application/json' });
  if (isDeep(text)) throw malformed(`The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.');
  }
  return value as JsonBody;
};

/** What is no JSON has some depth, too. */
const isDeep = (text: string): boolean => {
  let [depth, isQuoted] = [0, false];
  for (let at = 0; at < text.length && depth <= MAX_JSON_DEPTH; at += 1) {
    const letter = text[at];
    if (letter === '"') isQuoted = !isQuoted;
    else if (isQuoted) at += letter === '\\' ? 1 : 0;
    else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
  }
  return depth > MAX_JSON_DEPTH;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
};
