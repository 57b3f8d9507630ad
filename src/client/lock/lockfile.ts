// Pure. The lockfile of OpenWOP (node-packs.md, Dependency resolution + lockfile): read, checked, and written in one way.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { digestOfIntegrity } from '../../../storage/digest.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { parsePackVersion } from '../../protocol/pack-id.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { strictObjectOf } from '../strict-object.ts';

const LOCKFILE_VERSION = 1;
export const MAX_LOCKFILE_BYTES = 16 * 1024 * 1024;

/** As another tool may record it; over the tarball, or over pack.json as publishers sign it. */
export interface LockedSignature {
  readonly algorithm: 'ed25519';
  /** Base64 of the 32 bytes, or of the same in SPKI. */
  readonly publicKey: string;
  readonly value: string;
}

export interface LockedPack {
  readonly name: string;
  readonly version: string;
  /** URL of the tarball. */
  readonly resolved?: string;
  readonly integrity: string;
  readonly signature?: LockedSignature;
  /** Exact versions. */
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  readonly generatedAt: string;
  readonly registry?: string;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly fallbackRegistries?: readonly string[];
  readonly packs: readonly LockedPack[];
  /** Members that only other tools know, kept as they are (COMPATIBILITY.md §2.1: unknown ones are ignored). */
  readonly others: JsonObject;
}

/** Wider than the name of a pack, as the schema has it; `local.` packs come from no registry. */
const NAME = /^(core|vendor|community|private|local)\.[A-Za-z0-9][A-Za-z0-9._-]*$/;
/** The schema's own, which admits neither capitals nor underscores. */
const SCHEMA_NAME = /^(core|vendor|community|private|local)\.[a-z0-9][a-z0-9.-]*$/;
const MAX_NAME = 256;
/** Ten times what is resolved at once. */
const MAX_PACKS = 10_000;
const INTEGRITY = /^sha256-[A-Za-z0-9+/]{43}=$/;
const KNOWN = ['lockfileVersion', 'generatedAt', 'registry', 'overrides', 'fallbackRegistries', 'packs'];

const invalid = (where: string, found: JsonValue | undefined, expected: string): Refusal =>
  refusal('registry', 'pack_lockfile_invalid', { where, expected, found: found ?? null });

const need = <T>(value: T | undefined, where: string, found: JsonValue | undefined, expected: string): T => {
  if (value === undefined) throw invalid(where, found, expected);
  return value;
};

const isUrl = (text: string): boolean => {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
};

const urlAt = (value: JsonValue | undefined, where: string): string => {
  const text = textOf(value);
  return need(text !== undefined && isUrl(text) ? text : undefined, where, value, 'an http or https URL');
};

const textsIn = (value: JsonValue | undefined, where: string): Readonly<Record<string, string>> => {
  const entries = Object.entries(need(objectOf(value), where, value, 'an object of texts'));
  const texts = entries.map(
    ([name, each]) => [name, need(textOf(each), `${where}/${name}`, each, 'a text')] as const,
  );
  return Object.fromEntries(texts);
};

const versionsIn = (value: JsonValue | undefined, where: string): Readonly<Record<string, string>> => {
  const versions = textsIn(value, where);
  for (const [name, version] of Object.entries(versions))
    if (!parsePackVersion(version).ok) throw invalid(`${where}/${name}`, version, 'an exact version');
  return versions;
};

const signatureIn = (value: JsonValue | undefined, where: string): LockedSignature => {
  const { algorithm, publicKey, value: bytes } = textsIn(value, where);
  if (algorithm !== 'ed25519' || publicKey === undefined || bytes === undefined)
    throw invalid(where, value, 'algorithm "ed25519", publicKey and value');
  return { algorithm, publicKey, value: bytes };
};

const optional = <K extends string, T>(
  of: JsonObject,
  member: K,
  read: (value: JsonValue | undefined, where: string) => T,
  where = '',
): Partial<Record<K, T>> =>
  of[member] === undefined ? {} : ({ [member]: read(of[member], `${where}/${member}`) } as Record<K, T>);

const packIn = (value: JsonValue, where: string): LockedPack => {
  const pack = need(objectOf(value), where, value, 'an object');
  const [name, version, integrity] = [
    textOf(pack['name']),
    textOf(pack['version']),
    textOf(pack['integrity']),
  ];
  if (name === undefined || name.length > MAX_NAME || !NAME.test(name))
    throw invalid(`${where}/name`, pack['name'], 'the name of a pack');
  if (version === undefined || !parsePackVersion(version).ok)
    throw invalid(`${where}/version`, pack['version'], 'an exact version');
  if (integrity === undefined || !INTEGRITY.test(integrity) || digestOfIntegrity(integrity) === undefined)
    throw invalid(`${where}/integrity`, pack['integrity'], 'sha256- and base64');
  return {
    name,
    version,
    ...optional(pack, 'resolved', urlAt, where),
    integrity,
    ...optional(pack, 'signature', signatureIn, where),
    ...optional(pack, 'dependencies', versionsIn, where),
    ...optional(pack, 'peerDependencies', textsIn, where),
  };
};

const packsIn = (value: JsonValue | undefined): readonly LockedPack[] => {
  if (!Array.isArray(value)) throw invalid('/packs', value, 'a list');
  if (value.length > MAX_PACKS) throw invalid('/packs', value.length, `at most ${MAX_PACKS} packs`);
  const packs = (value as readonly JsonValue[]).map((each, at) => packIn(each, `/packs/${at}`));
  const names = packs.map(({ name }) => name.toLowerCase());
  const first = new Map(names.map((name, at) => [name, at] as const).reverse());
  const twice = names.findIndex((name, at) => first.get(name) !== at);
  // One version of each (node-packs.md): two could not stand in one directory.
  if (twice >= 0) throw invalid(`/packs/${twice}/name`, packs[twice]?.name, 'each pack once');
  return packs;
};

const urlsIn = (value: JsonValue | undefined, where: string): readonly string[] => {
  if (!Array.isArray(value)) throw invalid(where, value, 'a list of URLs');
  return (value as readonly JsonValue[]).map((each, at) => urlAt(each, `${where}/${at}`));
};

/** Strict about every member it knows; other members are kept. @throws Refusal `pack_lockfile_invalid` */
export const parseLockfile = (bytes: Uint8Array): Lockfile => {
  const read = strictObjectOf(bytes);
  if (!read.ok) throw refusal('registry', 'pack_lockfile_invalid', { ...read.problem });
  const { object } = read;
  const { lockfileVersion, generatedAt } = object;
  if (lockfileVersion !== LOCKFILE_VERSION)
    throw invalid('/lockfileVersion', lockfileVersion, `${LOCKFILE_VERSION}, the only one known`);
  const time = textOf(generatedAt);
  if (time === undefined || Number.isNaN(new Date(time).getTime()))
    throw invalid('/generatedAt', generatedAt, 'a time');
  return {
    generatedAt: time,
    ...optional(object, 'registry', urlAt),
    ...optional(object, 'overrides', versionsIn),
    ...optional(object, 'fallbackRegistries', urlsIn),
    packs: packsIn(object['packs']),
    others: Object.fromEntries(Object.entries(object).filter(([member]) => !KNOWN.includes(member))),
  };
};

const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const sorted = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).sort(([a], [b]) => byName(a, b)));

const packJson = ({
  name,
  version,
  resolved,
  integrity,
  signature,
  dependencies,
  peerDependencies,
}: LockedPack) => ({
  name,
  version,
  ...(resolved && { resolved }),
  integrity,
  ...(signature && { signature }),
  ...(dependencies && { dependencies: sorted(dependencies) }),
  ...(peerDependencies && { peerDependencies: sorted(peerDependencies) }),
});

/** The one text of a lockfile (node-packs.md, Resolver determinism): sorted, indented by two, one newline at its end. */
export const lockfileText = (lock: Lockfile): string => {
  const { generatedAt, registry, overrides, fallbackRegistries, others } = lock;
  const packs = [...lock.packs].sort((a, b) => byName(a.name, b.name) || byName(a.version, b.version));
  const document = {
    lockfileVersion: LOCKFILE_VERSION,
    generatedAt,
    ...(registry && { registry }),
    ...(overrides && { overrides: sorted(overrides) }),
    ...(fallbackRegistries && { fallbackRegistries }),
    packs: packs.map(packJson),
    ...others,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
};

/** Names that are good names of packs and that tools which keep to the letter of the schema refuse in a lockfile. */
export const namesBeyondSchema = ({ packs }: Lockfile): readonly string[] =>
  packs.map(({ name }) => name).filter((name) => !SCHEMA_NAME.test(name));
