// attestry kb export, import: a version as a file or a folder of one's own, and back.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type VerifiedArchive, verifyKnowledgeArchive } from '../../client/knowledge/archive.ts';
import { versionAddress } from '../../client/knowledge/deps.ts';
import type { BelievedVersion } from '../../client/knowledge/version.ts';
import { partOf, removePart, sweepParts } from '../../client/part-files.ts';
import { refusal } from '../../client/refusal.ts';
import { type ArchivedEntry, CAR_TYPE } from '../../protocol/knowledge/car.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { acting, type Settings } from '../command.ts';
import { counted } from '../count.ts';
import { StandingError, UsageError } from '../failure.ts';
import { untilStopped } from '../interrupted.ts';
import { printProgress } from '../terminal.ts';
import { type BeliefOptions, openBases, referenceOf, versionJson, versionLines } from './believe.ts';
import { baseAddress, referenceNamed } from './names.ts';
import { type AsOptions, placeOf } from './registry.ts';
import { download, upload } from './streams.ts';

interface ExportOptions extends BeliefOptions {
  readonly out: string;
}

const archiveOf = async (
  settings: Settings,
  options: AsOptions,
  of: BelievedVersion,
): Promise<AsyncIterable<Uint8Array>> => {
  const path = `${versionAddress(of)}/export/car`;
  const { chunks, version } = await download(settings, options, path);
  if (version === undefined || version === of.version) return chunks;
  throw refusal('export', 'version_moved', { path, expected: of.version, found: version });
};

/** Every path is one below the folder: a path of a base has no way up, and the folder is new. */
const writeDocument =
  (folder: string) =>
  async ({ path, document }: ArchivedEntry): Promise<void> => {
    const place = join(folder, ...path.split('/'));
    await mkdir(dirname(place), { recursive: true });
    const file = await open(place, 'wx');
    try {
      for await (const chunk of document) await file.write(chunk);
    } finally {
      await file.close();
    }
  };

type Keep = (
  chunks: AsyncIterable<Uint8Array>,
  aside: string,
  of: BelievedVersion,
) => Promise<VerifiedArchive>;

const keepFolder: Keep = async (chunks, aside, { base, version }) => {
  await mkdir(aside);
  return verifyKnowledgeArchive(chunks, { base, version, visit: writeDocument(aside) });
};

const keepFile: Keep = async (chunks, aside, { base, version }) => {
  await pipeline(chunks, createWriteStream(aside, { flags: 'wx' }));
  return verifyKnowledgeArchive(createReadStream(aside), { base, version });
};

/** Whole and verified in its place, or not there at all. */
const placed = async (out: string, keep: (aside: string) => Promise<VerifiedArchive>) => {
  const aside = partOf(out);
  try {
    const verified = await keep(aside);
    await rename(aside, out);
    return verified;
  } finally {
    await removePart(aside);
  }
};

const requireFree = async (out: string): Promise<void> => {
  const file = await open(out, 'r').catch(() => undefined);
  await file?.close();
  if (file !== undefined)
    throw new StandingError('file_exists', `There is something at ${out} already; nothing is overwritten.`);
};

/** `FILE.car` keeps the archive; any other name is a new folder with the documents in it. */
export const exportVersion = acting<ExportOptions>(async (settings, options, name = '') => {
  const { out } = options;
  await requireFree(out);
  await sweepParts(out);
  const of = await (await openBases(settings, options)).version(referenceNamed(name));
  printProgress(`Taking out ${counted(of.manifest.entries, 'document', 'documents')}`);
  const chunks = await archiveOf(settings, options, of);
  const keep = out.endsWith('.car') ? keepFile : keepFolder;
  const { checked } = await untilStopped(() => placed(out, (aside) => keep(chunks, aside, of)));
  const what = counted(of.manifest.entries, 'document', 'documents');
  return {
    lines: [
      ...versionLines(of),
      `Wrote ${out}: ${what}, each checked against the version.`,
      ...(keep === keepFile ? [`To bring it back: attestry kb import ${referenceOf(of)} ${out}`] : []),
    ],
    json: { ...versionJson(of), out, export: checked },
  };
});

export const importVersion = acting<AsOptions>(async (settings, options, name = '', file = '') => {
  const { base, selector } = referenceNamed(name);
  if (selector === 'current')
    throw new UsageError(
      'Name the version that the file must be: kb:…@<version>, as "attestry kb export" said when it wrote the file.',
    );
  printProgress(`Checking ${file}`);
  const verified = await verifyKnowledgeArchive(createReadStream(file), { base, version: selector });
  printProgress(`Sending ${counted(verified.manifest.entries, 'document', 'documents')}`);
  const path = `${baseAddress(base)}/import?version=${selector}`;
  const body = await upload(settings, options, path, CAR_TYPE, createReadStream(file));
  const place = placeOf({ status: 200, body, location: undefined });
  const version = textOf(body['knowledge_base_version']) ?? selector;
  return { lines: [`Imported ${referenceOf({ base, version } as BelievedVersion)}${place}.`], json: body };
});
