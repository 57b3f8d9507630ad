// The documents of a contribution as a reviewer sees them, each held against its id before a line of it is shown.
import { fromUtf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { refusal } from '../../client/refusal.ts';
import { type Cid, cidOf } from '../../protocol/cid.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { counted } from '../count.ts';
import { RegistryFault } from '../failure.ts';
import { shownDiff } from '../shown-diff.ts';
import { rowsAt } from '../table.ts';
import { visible } from '../visible.ts';
import { baseAddress } from './names.ts';
import type { KnowledgeRegistry } from './registry.ts';

/** Larger texts are told of, and read in a program that can leaf through them. */
const MAX_SHOWN_BYTES = 1024 * 1024;

export interface Side {
  readonly blob: Cid;
  readonly size: number;
  readonly mediaType: string;
}

/** Who proposed through an agent sees what is proposed, and not always the documents. */
const fetchShown = async (registry: KnowledgeRegistry, path: string): Promise<Uint8Array | undefined> => {
  try {
    return await registry.bytes(path, MAX_SHOWN_BYTES);
  } catch (error) {
    if (error instanceof RegistryFault && [403, 404, 410].includes(error.status)) return undefined;
    throw error;
  }
};

/** The text behind a side, held against its id; undefined where it is no text that can be shown. */
const textOfSide = async (
  registry: KnowledgeRegistry,
  base: string,
  side: Side | undefined,
): Promise<string | undefined> => {
  if (side === undefined) return '';
  if (side.size > MAX_SHOWN_BYTES) return undefined;
  const path = `${baseAddress(base)}/documents/${side.blob}`;
  const bytes = await fetchShown(registry, path);
  if (bytes === undefined) return undefined;
  const found = cidOf('raw', bytes);
  if (found !== side.blob)
    throw refusal('document', 'document_mismatch', { path, expected: side.blob, found });
  const text = fromUtf8(bytes);
  return text?.includes('\0') === true ? undefined : text;
};

const aboutSide = ({ mediaType, size, blob }: Side): string =>
  `${mediaType}, ${counted(size, 'byte', 'bytes')}, ${blob}`;

const headOf = (path: string, before: Side | undefined, after: Side | undefined): readonly string[] => {
  const name = visible(path).text;
  if (before === undefined) return [`=== ${name} (new)`, ...(after ? [`  ${aboutSide(after)}`] : [])];
  if (after === undefined) return [`=== ${name} (deleted)`, `  ${aboutSide(before)}`];
  const about = [`  before: ${aboutSide(before)}`, `  after:  ${aboutSide(after)}`];
  return [`=== ${name} (changed)`, ...(before.mediaType === after.mediaType ? [] : about)];
};

/** One document of it: its path, what it is, and what changes in it. */
export const fileLines = async (
  registry: KnowledgeRegistry,
  base: string,
  path: string,
  before: Side | undefined,
  after: Side | undefined,
): Promise<readonly string[]> => {
  const [older, newer] = [await textOfSide(registry, base, before), await textOfSide(registry, base, after)];
  const head = headOf(path, before, after);
  if (older === undefined || newer === undefined) return [...head, '  (no text, or none that you may see)'];
  return [...head, ...shownDiff(older, newer)];
};

/** What stands at each path now, as the registry says; what would stand there follows from the revision itself. */
export const beforeOf = (diff: JsonObject): ReadonlyMap<string, Side> =>
  new Map(
    rowsAt(diff, 'differences').flatMap((row): [string, Side][] => {
      const side = objectOf(row['before']);
      if (side === undefined) return [];
      const blob = (textOf(side['blob']) ?? '') as Cid;
      const [size, mediaType] = [Number(side['size']), textOf(side['media_type']) ?? ''];
      return [[textOf(row['path']) ?? '', { blob, size, mediaType }]];
    }),
  );
