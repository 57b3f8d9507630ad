// Reads bytes that must be one JSON object, strictly: no key twice, at most 64 levels deep. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import { type JsonProblem, parseStrictJson } from '../protocol/json.ts';
import { objectOf } from '../protocol/manifest/read.ts';

export type StrictObject =
  | { readonly ok: true; readonly object: JsonObject }
  | { readonly ok: false; readonly problem: JsonProblem };

export const strictObjectOf = (bytes: Uint8Array): StrictObject => {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok) return parsed;
  const object = objectOf(parsed.value);
  return object === undefined
    ? { ok: false, problem: { offset: 0, message: 'the text is not a JSON object' } }
    : { ok: true, object };
};
