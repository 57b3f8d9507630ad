// attestry kb get: reads one document, and hands over nothing that is not proven.
import { writeFile } from 'node:fs/promises';
import { encodeBase64, fromUtf8 } from '../../../keys/bytes.ts';
import type { FoundDocument } from '../../client/knowledge/entry.ts';
import type { BelievedVersion } from '../../client/knowledge/version.ts';
import { acting, type Result } from '../command.ts';
import { printBytes, printNotes } from '../terminal.ts';
import { type BeliefOptions, openBases, referenceOf, versionJson, versionLines } from './believe.ts';
import { pathNamed, referenceNamed } from './names.ts';

interface GetOptions extends BeliefOptions {
  readonly out?: string;
  readonly json?: boolean;
}

const documentJson = ({ path, entry, bytes, eventId }: FoundDocument) => {
  const text = fromUtf8(bytes);
  return {
    path,
    blob: entry.blob,
    size: entry.size,
    media_type: entry.mediaType,
    meta: entry.meta,
    event_id: eventId ?? null,
    ...(text === undefined ? { base64: encodeBase64(bytes) } : { text }),
  };
};

const absentLines = (of: BelievedVersion, path: string): readonly string[] => [
  `${referenceOf(of)} has nothing at ${path}, and proves it.`,
];

/** The document goes where it is asked for, and what is known of it beside that. */
const handOver = async (found: FoundDocument, { out, json }: GetOptions): Promise<Result | undefined> => {
  const notes = versionLines(found.of, found.checked);
  const document = { ...versionJson(found.of, found.checked), found: true, ...documentJson(found) };
  if (out !== undefined) {
    await writeFile(out, found.bytes, { flag: 'wx' });
    return { lines: [...notes, `Wrote ${out}`], json: { ...document, out } };
  }
  if (json === true) return { lines: [], json: document };
  printNotes(notes);
  printBytes(found.bytes);
  return undefined;
};

export const get = acting<GetOptions>(async (settings, options, name = '', place = '') => {
  const [reference, path] = [referenceNamed(name), pathNamed(place)];
  const knowledge = await openBases(settings, options);
  const found = await knowledge.get(await knowledge.version(reference), path);
  if (found.found) return handOver(found, options);
  process.exitCode = 1;
  const json = { ...versionJson(found.of, found.checked), found: false, path };
  return { lines: [...absentLines(found.of, path), ...versionLines(found.of, found.checked)], json };
});
