// attestry mirror export: the whole registry, as one file for where no network is, or as plain files for a web server.

import type { ExportProgress } from '../client/export-file/gathering.ts';
import { makeExport } from '../client/export-file/make-export.ts';
import { acting, type Result, type Settings } from './command.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { untilStopped } from './interrupted.ts';
import { type ExportTreeOptions, exportToFolder } from './mirror-export.ts';
import { printProgress } from './terminal.ts';
import { pinnedRootOf } from './trust-policy.ts';

interface ExportOptions {
  readonly dir?: string;
  readonly out?: string;
  readonly publicUrl?: string;
  readonly root?: string;
  readonly state?: string;
}

const SHOWN_EVERY_MS = 1_000;
const WORDS = {
  entries: 'entries of the log read',
  packs: 'packs compared',
  files: 'files written',
} as const;

const shows = () => {
  let last = 0;
  return ({ step, done, of }: ExportProgress): void => {
    if (performance.now() - last < SHOWN_EVERY_MS) return;
    last = performance.now();
    printProgress(`${done} of ${of} ${WORDS[step]}`);
  };
};

const proven = (size: number | undefined): string =>
  size === undefined
    ? 'It keeps no log: what is in the file rests on the signature of each version alone.'
    : `All of it agrees with ${counted(size, 'entry', 'entries')} of its log.`;

/** Without a token: what is not for everybody is not in it. */
const exportToFile = async (settings: Settings, out: string, options: ExportOptions): Promise<Result> => {
  const made = await makeExport(
    {
      url: settings.url,
      publicUrl: options.publicUrl,
      statePath: options.state,
      allowPrivateRedirects: settings.allowPrivateAddresses,
      onProgress: shows(),
      ...(await pinnedRootOf(options)),
    },
    out,
  );
  const { registry, packs, versions, files, bytes, sha256, log } = made;
  const option = log === undefined ? `--from ${registry}` : '--root ROOT';
  return {
    lines: [
      `Wrote ${out}: ${counted(packs, 'pack')} and ${counted(versions, 'version')} of ${registry}, ${counted(files, 'file')}, ${counted(bytes, 'byte')}.`,
      proven(log?.size),
      `SHA-256: ${sha256}`,
      `Import it where no network is: attestry mirror import ${out} ${option}`,
    ],
    json: { ok: true, out, registry, packs, versions, files, bytes, sha256, log: log ?? null },
  };
};

export const exportRegistry = acting<ExportOptions>(async (settings, options) => {
  const { dir, out } = options;
  if (out !== undefined && dir === undefined) return untilStopped(() => exportToFile(settings, out, options));
  if (dir === undefined || out !== undefined)
    throw new UsageError(
      'Give one of --out FILE, for where no network is, and --dir FOLDER, for a web server.',
    );
  return untilStopped(() => exportToFolder(settings, { ...options, dir } satisfies ExportTreeOptions));
});
