// Reads what is asked about compatibility: strict JSON of bounded size and depth, and every field in its form. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Wish } from '../../protocol/compat/gather.ts';
import { type HostView, readHost } from '../../protocol/compat/host.ts';
import { isGrant, readWish } from '../../protocol/compat/wish.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { parseStrictJson } from '../../protocol/json.ts';
import { clipped, objectOf, textOf } from '../../protocol/manifest/read.ts';

export const MAX_COMPAT_BYTES = 256 * 1024;
const MAX_DEPTH = 32;
const MAX_PACKS = 50;
const MAX_INSTALLED = 100;
const MAX_GRANTS = 32;
const FIELDS = ['packs', 'installed', 'host', 'grants'];

export interface CompatRequest {
  readonly packs: readonly Wish[];
  readonly installed: readonly Wish[];
  readonly host: HostView;
}

const wrong = (field: string, says: string): Fault => fault('validation_error', { field }, says);

const listIn = (body: JsonObject, field: string, most: number): readonly JsonValue[] => {
  const list = body[field];
  if (list === undefined) return [];
  if (Array.isArray(list) && list.length <= most) return list;
  throw wrong(field, `${field} is a list of at most ${most}.`);
};

const wishesIn = (body: JsonObject, field: 'packs' | 'installed', most: number): readonly Wish[] =>
  listIn(body, field, most).map((each) => {
    const read = readWish(textOf(each) ?? '');
    if (read.ok) return read.wish;
    throw wrong(field, read.says);
  });

const grantsIn = (body: JsonObject): readonly string[] | undefined => {
  if (body['grants'] === undefined) return undefined;
  const grants = listIn(body, 'grants', MAX_GRANTS).map((each) => textOf(each) ?? '');
  if (grants.every(isGrant)) return grants;
  throw wrong('grants', 'grants are words as in net.outbound.');
};

const hostIn = (body: JsonObject, today: string): HostView => {
  const document = body['host'];
  if (document === undefined)
    throw wrong('host', 'host is the discovery document of the host, as it serves it.');
  const read = readHost({ document, grants: grantsIn(body), today });
  if (read.ok) return read.host;
  throw fault('validation_error', { field: 'host', where: read.where }, `host: ${read.message}.`);
};

const objectIn = (bytes: Uint8Array): JsonObject => {
  const parsed = parseStrictJson(bytes, { maxDepth: MAX_DEPTH });
  if (!parsed.ok)
    throw fault(
      'validation_error',
      { ...parsed.problem },
      `The body is not strict JSON: ${parsed.problem.message}.`,
    );
  const body = objectOf(parsed.value);
  if (body !== undefined) return body;
  throw fault('validation_error', {}, 'The body must be a JSON object.');
};

/** @throws Fault validation_error */
export const readCompatRequest = (bytes: Uint8Array, today: string): CompatRequest => {
  const body = objectIn(bytes);
  const strange = Object.keys(body).find((field) => !FIELDS.includes(field));
  if (strange !== undefined)
    throw wrong(clipped(strange), `The body has ${FIELDS.join(', ')} and nothing else.`);
  const packs = wishesIn(body, 'packs', MAX_PACKS);
  if (packs.length === 0)
    throw wrong('packs', 'packs names at least one pack, as in vendor.acme.tools@^1.2.');
  return { packs, installed: wishesIn(body, 'installed', MAX_INSTALLED), host: hostIn(body, today) };
};
