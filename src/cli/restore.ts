// attestry restore: makes a registry of a backup, in an empty database and an empty blob store.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { httpTransport } from '../client/network/http-transport.ts';
import { registryBase } from '../client/network/http-url.ts';
import { openUpkeep } from '../main.ts';
import { shownRoot } from './backup.ts';
import { counted } from './count.ts';
import { operating, progressLine } from './operating.ts';

interface RestoreOptions {
  readonly from: string;
  readonly newerCheckpoint?: string;
  readonly despiteDamage?: boolean;
}

const MAX_CHECKPOINT_BYTES = 64 * 1024;

const isAddress = (text: string): boolean => /^https?:\/\//.test(text);

const readCheckpoint = async (place: string): Promise<string> => {
  if (!isAddress(place)) return readFile(place, 'utf8');
  const transport = httpTransport({ registry: registryBase(new URL(place).origin) });
  const { body } = await transport.get(place, { maxBytes: MAX_CHECKPOINT_BYTES });
  return Buffer.from(body).toString('utf8');
};

type Restored = Awaited<ReturnType<Awaited<ReturnType<typeof openUpkeep>>['restore']>>;

/** The log commits to erasures without saying what they erased: what an older backup does not know, nobody here does. */
const erasedSince = ({ madeAt, tables }: Restored['manifest']): readonly string[] =>
  tables.some(({ table, rows }) => table === 'knowledge_bases' && rows > 0)
    ? [`What was erased from bases after ${madeAt} is here again: erase it again.`]
    : [];

const next = (keys: readonly string[], dataDir: string): readonly string[] => [
  keys.length === 0
    ? `Put the private keys of the registry into ${resolve(dataDir, 'keys')}, then start it: attestry serve`
    : `Its keys are in ${resolve(dataDir, 'keys')} again. Start it: attestry serve`,
  'Compare size and root with what its clients, mirrors and witnesses have seen: a larger log must not be forgotten.',
];

export const restoreAll = operating<RestoreOptions>(
  async ({ from, newerCheckpoint, despiteDamage = false }) => {
    const seen = newerCheckpoint === undefined ? undefined : await readCheckpoint(newerCheckpoint);
    const { restore, config } = await openUpkeep(progressLine());
    const options = { folder: resolve(from), newerCheckpoint: seen, despiteDamage };
    const { manifest, rootKeys, keys, findings } = await restore(options);
    const { registry, size, madeAt } = manifest;
    const root = shownRoot(manifest);
    return {
      ok: true,
      lines: [
        `Restored ${registry} as it was on ${madeAt}.`,
        `  log: ${counted(size, 'entry', 'entries')}, root ${root}`,
        ...rootKeys.map((key) => `  root key: ${key}`),
        ...findings.map(({ code, about }) => `  damaged before it was backed up: ${about} (${code})`),
        ...erasedSince(manifest),
        ...next(keys, config.dataDir),
      ],
      json: { ok: true, registry, size, root, madeAt, rootKeys, keys, findings },
    };
  },
);
