// attestry mirror import: hands an export to the registry, and waits until everything in it was verified and taken in.
import { readFile } from 'node:fs/promises';
import { fileBytes } from '../client/export-file/file-bytes.ts';
import { EXPORT_TYPE } from '../client/export-file/format.ts';
import { openExport } from '../client/export-file/open-export.ts';
import { pinOf } from '../client/export-file/root-pin.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { counted } from './count.ts';
import { showImported, untilSynced } from './mirror.ts';
import { sendFile } from './send-file.ts';
import { printNotes, printProgress } from './terminal.ts';

interface ImportOptions {
  readonly root?: string;
  readonly from?: string;
  readonly json?: boolean;
}

const SHOWN_EVERY_MS = 1_000;
const MB = 1_000_000;

/** Whoever would be refused for the file need not send it. */
const look = async (path: string): Promise<{ readonly registry: string; readonly bytes: number }> => {
  const source = await fileBytes(path);
  try {
    const { head, bytes } = await openExport(source);
    return { registry: head.registry, bytes };
  } finally {
    await source.close();
  }
};

const addressFor = async ({ root, from }: ImportOptions): Promise<string> => {
  const query = new URLSearchParams();
  if (root !== undefined) {
    const { version, sha256 } = pinOf(new Uint8Array(await readFile(root)));
    query.set('root', `${version}-${sha256}`);
  }
  if (from !== undefined) query.set('from', from);
  return `/mirror/imports?${query}`;
};

const shows = (path: string, bytes: number) => {
  let last = 0;
  return (sent: number): void => {
    if (performance.now() - last < SHOWN_EVERY_MS) return;
    last = performance.now();
    printProgress(
      `Sending ${path}: ${Math.round(sent / MB)} of ${counted(Math.round(bytes / MB), 'MB', 'MB')}`,
    );
  };
};

export const importExport = acting<ImportOptions>(async (settings, options, path = '') => {
  const { json = false } = options;
  const address = await addressFor(options);
  const { registry, bytes } = await look(path);
  printProgress(`${path} is an export of ${registry}`);
  // Whoever may not do this learns it before all of it is sent.
  const asking = registryOf(settings);
  await asking.ask('GET', '/mirror/upstreams');
  const sent = await sendFile(settings, address, EXPORT_TYPE, path, shows(path, bytes));
  if (!json) printNotes([`SHA-256: ${sent.sha256}`]);
  return showImported(await untilSynced(asking, sent.body, json), json);
});
