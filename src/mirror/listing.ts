// Reads which packs and versions an upstream lists, in every shape that registries have; what is none is left out. Pure.
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { isYanked } from '../client/resolve.ts';
import { standsAlone } from '../packs/policy.ts';
import { at, listOf, objectOf, textOf } from '../protocol/manifest/read.ts';
import {
  isPrivateNamespace,
  type PackName,
  type PackVersion,
  parsePackName,
  parsePackVersion,
  patternCovers,
} from '../protocol/pack-id.ts';
import { storableText } from './storable.ts';

export interface ListedName {
  readonly text: string;
  /** Undefined for what is no name of a pack, or of one that no mirror takes. */
  readonly name: PackName | undefined;
}

export interface ListedRow {
  readonly version: PackVersion;
  /** As the row has it; undefined where it has none. */
  readonly integrity: string | undefined;
  readonly publishedAt: string | undefined;
}

const MAX_SHOWN = 200;

const namesOf = (index: JsonObject): readonly string[] => {
  const { packs } = index;
  if (!Array.isArray(packs)) return Object.keys(objectOf(packs) ?? {});
  return listOf(packs).flatMap((row: JsonValue) => textOf(row) ?? textOf(at(row, 'name')) ?? []);
};

/** Each name once, in the order of the index; private packs are nobody's to mirror. */
export const listNames = (index: JsonObject, wanted: readonly string[] | null): readonly ListedName[] =>
  [...new Set(namesOf(index))]
    .filter((text) => wanted === null || wanted.some((pattern) => patternCovers(pattern, text)))
    .map((text) => {
      const parsed = parsePackName(text);
      const takes = parsed.ok && !isPrivateNamespace(text);
      return { text: storableText(text, MAX_SHOWN), name: takes ? parsed.value : undefined };
    });

export interface ListedRows {
  readonly rows: readonly ListedRow[];
  /** The first of those that are no versions here. */
  readonly odd: readonly string[];
}

const MOST_ODD = 10;
const MOST_SHOWN_OF_ODD = 100;

/** Rows of an array, or the entries of a map by version (node-packs.md). */
export const listRows = (index: JsonObject): ListedRows => {
  const { versions } = index;
  const rows = Array.isArray(versions)
    ? listOf(versions).map((row) => [textOf(row) ?? textOf(at(row, 'version')) ?? '', row] as const)
    : Object.entries(objectOf(versions) ?? {});
  const found = new Map<string, ListedRow>();
  const odd = new Set<string>();
  for (const [text, row] of rows) {
    const version = parsePackVersion(text);
    if (!version.ok || !standsAlone(version.value)) {
      if (odd.size < MOST_ODD) odd.add(storableText(text, MOST_SHOWN_OF_ODD));
      continue;
    }
    const integrity = textOf(at(row, 'integrity')) ?? textOf(at(row, 'tarballSha256'));
    found.set(text, { version: version.value, integrity, publishedAt: textOf(at(row, 'publishedAt')) });
  }
  return { rows: [...found.values()], odd: [...odd] };
};

/** How a version stands, as far as a registry says it of its own: nobody signed this. */
export interface Told {
  readonly yanked: { readonly reason: string; readonly advisoryUrl?: string } | null;
  readonly deprecated: { readonly reason: string; readonly supersededBy?: string } | null;
}

const MAX_REASON = 512;
const MAX_SUCCESSOR = 256;

const reasonOf = (value: JsonValue | undefined, otherwise: string): string => {
  const text = (textOf(value) ?? '').replace(/[\p{Cc}\p{Surrogate}]/gu, ' ').trim();
  return text === '' ? otherwise : text.slice(0, MAX_REASON).replace(/\p{Surrogate}$/u, '');
};

const urlOf = (value: JsonValue | undefined): { readonly advisoryUrl?: string } => {
  const text = textOf(value) ?? '';
  return text.length <= MAX_REASON && /^https?:\/\/[!-~]+$/.test(text) && URL.canParse(text)
    ? { advisoryUrl: text }
    : {};
};

const successorOf = (value: JsonValue | undefined): { readonly supersededBy?: string } => {
  const text = textOf(value) ?? '';
  return text.length <= MAX_SUCCESSOR && /^[!-~]+$/.test(text) ? { supersededBy: text } : {};
};

/** What a served version manifest says: flags of either tree, or the richer blocks that say who and why. */
export const toldBy = (served: JsonObject): Told => {
  const { yanked } = served;
  const why = served['yankedReason'] ?? at(yanked, 'reason');
  const deprecated = [
    served['deprecated'],
    served['versionDeprecated'],
    at(served, 'deprecation', 'deprecated'),
  ];
  const because = served['deprecationReason'] ?? at(served, 'deprecation', 'reason');
  const instead = served['supersededBy'] ?? at(served, 'deprecation', 'supersededBy');
  return {
    yanked: isYanked(yanked)
      ? {
          reason: reasonOf(why, 'Yanked upstream.'),
          ...urlOf(served['advisoryUrl'] ?? at(yanked, 'advisoryUrl')),
        }
      : null,
    deprecated: deprecated.includes(true)
      ? { reason: reasonOf(because, 'Deprecated upstream.'), ...successorOf(instead) }
      : null,
  };
};
