// Compares the keychain that is served with each pack with the rotations that the log records, both ways.
import type { JsonObject } from '../../../keys/canonical.ts';
import { KeyError } from '../../../keys/errors.ts';
import { formatPublicKeyBase64, parsePublicKeySpki } from '../../../keys/key.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import type { PackChecks } from './compare-packs.ts';
import { AT_ONCE } from './fetch.ts';

const MAX_KEYCHAIN_BYTES = 16 * 1024 * 1024;

interface ServedKey {
  readonly kid: string;
  readonly publicKey: string;
  readonly isMirrored: boolean;
  readonly rotatedTo: string | undefined;
  readonly rotatedFrom: string | undefined;
}

const servedKeys = (keychain: JsonObject): readonly ServedKey[] =>
  listOf(keychain['keys']).flatMap((entry) => {
    const kid = textOf(at(entry, 'kid'));
    const [rotatedTo, rotatedFrom] = [textOf(at(entry, 'rotatedTo')), textOf(at(entry, 'rotatedFrom'))];
    const publicKey = textOf(at(entry, 'publicKey')) ?? '';
    const isMirrored = at(entry, 'mirroredFrom') !== undefined;
    return kid === undefined ? [] : [{ kid, publicKey, isMirrored, rotatedTo, rotatedFrom }];
  });

const rawKey = (spki: string): string | undefined => {
  try {
    return formatPublicKeyBase64(parsePublicKeySpki(spki));
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

/** A key of another registry is the one by which the log says that its versions were believed. */
const checkMirroredKey = ({ facts, report }: PackChecks, key: ServedKey, subject: string): void => {
  const expected = facts.mirroredKeys.get(key.kid);
  if (expected === undefined || expected !== rawKey(key.publicKey))
    report('key_unlogged', subject, { kid: key.kid, expected: expected ?? null });
};

/** Findings are of the pack, since it is its keychain that is looked at again. */
const checkKey = (
  { facts, report }: PackChecks,
  { kid, rotatedTo, rotatedFrom }: Omit<ServedKey, 'publicKey'>,
  subject: string,
): void => {
  const { keys } = facts.keyTable;
  const logged = keys.get(kid);
  if (logged === undefined) {
    // A key that speaks for private packs too was delegated behind a seal.
    if (!facts.kinds.has('sealed')) report('key_unlogged', subject, { kid });
    return;
  }
  const { rotation } = logged;
  const follows = rotatedFrom === undefined || keys.get(rotatedFrom)?.rotation?.rotatedTo === kid;
  if ((rotatedTo !== undefined && rotatedTo !== rotation?.rotatedTo) || !follows)
    report('rotation_unlogged', subject, { kid, rotatedTo, rotatedFrom }, logged.position);
  else if (rotation !== undefined && rotatedTo === undefined)
    report('rotation_missing', subject, { kid, expected: rotation.rotatedTo }, rotation.position);
};

/** Registries without keychains serve none; what they say of keys stands in their keyring. */
const checkKeychain = async (the: PackChecks, name: string): Promise<void> => {
  const path = `/v1/packs/${encodeURIComponent(name)}/-/keychain`;
  const keychain = await the.registry.reader.document('registry', path, MAX_KEYCHAIN_BYTES);
  if (keychain === undefined) return;
  for (const key of servedKeys(keychain))
    (key.isMirrored ? checkMirroredKey : checkKey)(the, key, `pack:${name}`);
};

/** By names of packs; rejects where the registry does not answer. */
export const checkKeychains = (the: PackChecks, names: Iterable<string>): Promise<void> =>
  inLanes(names, AT_ONCE, (name) => checkKeychain(the, name));
