// Reads the discovery document of a host, v1 or v2, into what can be asked of it. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { at, clipped, listOf, objectOf, textOf } from '../manifest/read.ts';
import { familyProblem, type Measure } from './claim.ts';
import { EXTENSION_FAMILIES } from './tables.ts';

export interface HostVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

export interface HostView {
  readonly generation: 'v1' | 'v2';
  readonly versions: readonly HostVersion[];
  readonly root: JsonObject;
  /** RFC 0073: v1 families stood in a wrapper before they stood at the root. */
  readonly wrapper: JsonObject | undefined;
  readonly measure: Measure;
  /** What is claimed below `extensions` of the families that may stand there, by their plain names. */
  readonly extensions: ReadonlyMap<string, readonly JsonValue[]>;
  /** What the platform grants to code; undefined where nobody said (RFC 0076 has no field of the document for it). */
  readonly grants: readonly string[] | undefined;
  /** What v1 demands of every document and this one lacks. */
  readonly lacks: readonly string[];
}

export type ReadHost =
  | { readonly ok: true; readonly host: HostView }
  | { readonly ok: false; readonly where: string; readonly message: string };

export interface HostGiven {
  readonly document: JsonValue;
  readonly grants?: readonly string[] | undefined;
  /** As in 2026-06-01. */
  readonly today: string;
}

const MAX_VERSIONS = 50;
const VERSION = /^(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})?$/;

const refuse = (where: string, message: string): ReadHost => ({ ok: false, where, message });

const versionOf = (text: string): HostVersion | undefined => {
  const [, major, minor = '0'] = VERSION.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), text };
};

const readVersions = (document: JsonObject): readonly HostVersion[] | string => {
  const { protocolVersions, protocolVersion } = document;
  const found = [...listOf(protocolVersions), ...(protocolVersion === undefined ? [] : [protocolVersion])];
  if (protocolVersions !== undefined && !Array.isArray(protocolVersions))
    return 'protocolVersions is not a list';
  if (found.length === 0) return 'the document names no protocolVersion and no protocolVersions';
  if (found.length > MAX_VERSIONS) return `the document names more than ${MAX_VERSIONS} versions`;
  const read = found.map((each) => versionOf(textOf(each) ?? ''));
  if (read.includes(undefined)) return 'a protocol version does not read as in "2.0"';
  const versions = new Map(read.flatMap((each) => (each === undefined ? [] : [[each.text, each]])));
  return [...versions.values()].sort((a, b) => a.major - b.major || a.minor - b.minor);
};

/** capabilities.md (v2) §1: the v1 document may name all versions as well; what tells is what only v1 has. */
const generationOf = (document: JsonObject): 'v1' | 'v2' => {
  const isV2 = document['protocolVersions'] !== undefined && document['capabilities'] === undefined;
  return isV2 && !Array.isArray(document['supportedEnvelopes']) ? 'v2' : 'v1';
};

/** `data-integration` and `dataIntegration` are one name; keys of extensions have no capitals. */
export const plain = (name: string): string => name.replaceAll('-', '').toLowerCase();

const EXTENSIONS: ReadonlySet<string> = new Set([...EXTENSION_FAMILIES].map(plain));
/** Organisations that are looked at for one family. */
const MAX_CLAIMS = 20;

const extensionsOf = (document: JsonObject, measure: Measure): HostView['extensions'] => {
  const claims = new Map<string, JsonValue[]>();
  for (const [name, record] of Object.entries(objectOf(document['extensions']) ?? {})) {
    const family = plain(name.slice(name.indexOf('.') + 1));
    const known = claims.get(family) ?? [];
    if (!EXTENSIONS.has(family) || known.length >= MAX_CLAIMS || !name.includes('.')) continue;
    if (familyProblem(record, measure) === undefined) claims.set(family, [...known, record]);
  }
  return claims;
};

/** capabilities.md (v1): required at the root. */
const V1_REQUIRES = ['protocolVersion', 'supportedEnvelopes', 'schemaVersions', 'limits'];

const lacking = (document: JsonObject, generation: 'v1' | 'v2'): readonly string[] =>
  generation === 'v2' ? [] : V1_REQUIRES.filter((name) => document[name] === undefined);

export const readHost = ({ document, grants, today }: HostGiven): ReadHost => {
  const root = objectOf(document);
  if (root === undefined) return refuse('', 'the discovery document of a host is a JSON object');
  const versions = readVersions(root);
  if (typeof versions === 'string') return refuse('/protocolVersions', versions);
  const [lowest] = versions;
  if (lowest === undefined) return refuse('/protocolVersions', 'the document names no version');
  if (root['capabilities'] !== undefined && objectOf(root['capabilities']) === undefined)
    return refuse('/capabilities', 'is not an object');
  const generation = generationOf(root);
  const measure: Measure = { generation, lowest: [lowest.major, lowest.minor], today };
  const wrapper = generation === 'v1' ? objectOf(root['capabilities']) : undefined;
  const lacks = lacking(root, generation);
  const extensions = extensionsOf(root, measure);
  return { ok: true, host: { generation, versions, root, wrapper, measure, extensions, grants, lacks } };
};

export const versionsText = ({ versions }: HostView): string =>
  clipped(versions.map(({ text }) => text).join(', '), 200);

/** Where families stand, the root first. */
export const placesOf = ({ root, wrapper }: HostView): readonly JsonObject[] =>
  wrapper === undefined ? [root] : [root, wrapper];

export const agentsBlocks = (host: HostView): readonly JsonObject[] =>
  placesOf(host)
    .map((place) => objectOf(at(place, 'agents')))
    .filter((block) => block !== undefined);
