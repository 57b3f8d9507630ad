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

/** A JSON object from the body; `{}` where there is no body. */
export const jsonBody = async (ctx: Context): Promise<Readonly<Record<string, unknown>>> => {
  const text = (await collect(ctx.req, MAX_JSON_BYTES)).toString('utf8');
  if (text === '') return {};
  if (!ctx.is('json')) throw fault('unsupported_media_type', { expected: 'application/json' });
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body must be a JSON object.');
  }
  return value as Record<string, unknown>;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body is not valid JSON.');
  }
};
