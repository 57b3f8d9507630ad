// Finds properties of a connection pack that are named like a secret, at any depth. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../faults.ts';
import { clipped, objectOf, pointer } from './read.ts';
import { inWords, violation } from './violations.ts';

/** connection-packs.md, item 2: names match whatever their case. */
const SECRET_NAMES = new Set(
  [
    ...['clientSecret', 'client_secret', 'apiKey', 'api_key', 'token', 'accessToken', 'refreshToken'],
    ...['password', 'privateKey', 'secret'],
  ].map((name) => name.toLowerCase()),
);

/** The one property of such a name that holds no secret: the address of the token endpoint. */
const TOKEN_ENDPOINT = ['token', 'endpoints', 'auth', 'provider'];
const DEEPEST_POINTER = 40;

/** A value and the way to it; the way is a chain, so that deep nesting costs no more than its length. */
interface Place {
  readonly value: JsonValue;
  readonly name: string | number;
  readonly above: Place | undefined;
}

const inside = (above: Place): readonly Place[] => {
  const { value } = above;
  if (Array.isArray(value)) return value.map((each: JsonValue, name) => ({ value: each, name, above }));
  return Object.entries(objectOf(value) ?? {}).map(([name, each]) => ({ value: each, name, above }));
};

const whereOf = (place: Place): string => {
  const names: (string | number)[] = [];
  let here = place;
  for (; here.above !== undefined && names.length < DEEPEST_POINTER; here = here.above) {
    names.unshift(typeof here.name === 'string' ? clipped(here.name) : here.name);
  }
  return (here.above === undefined ? '' : '…') + pointer(...names);
};

const isTokenEndpoint = (place: Place): boolean => {
  let here: Place | undefined = place;
  for (const name of TOKEN_ENDPOINT) {
    if (here?.name !== name) return false;
    here = here.above;
  }
  return here?.above === undefined;
};

const isSecret = (place: Place): boolean =>
  typeof place.name === 'string' && SECRET_NAMES.has(place.name.toLowerCase()) && !isTokenEndpoint(place);

const asViolation = (place: Place): Violation =>
  violation('connection_pack_credential_material', whereOf(place), `"${place.name}" is the name of a secret`);

/**
 * Every property named like a secret. Runs before the schema, so that a leaked credential is called by its name
 * and not by its shape. Walks with a list of its own: depth is the publisher's choice, the stack is ours.
 */
export const credentialMaterial = (manifest: JsonValue): readonly Violation[] => {
  const found: Place[] = [];
  const todo: Place[] = [{ value: manifest, name: '', above: undefined }];
  for (let place = todo.pop(); place !== undefined; place = todo.pop()) {
    if (isSecret(place)) found.push(place);
    for (const next of inside(place).toReversed()) todo.push(next);
  }
  return inWords(found, asViolation);
};
