// attestry backup: puts one moment of the registry into a folder, while it runs.
import { resolve } from 'node:path';
import { decodeHex, encodeBase64 } from '../../keys/bytes.ts';
import { openUpkeep } from '../main.ts';
import { counted } from './count.ts';
import { operating, progressLine } from './operating.ts';

interface BackupOptions {
  readonly to: string;
  readonly withKeys?: boolean;
}

const keyLine = (withKeys: boolean, folder: string): string =>
  withKeys
    ? 'It holds private keys: whoever has it can be this registry.'
    : `It holds no private keys: those lie in ${folder}, and without them no restored registry can sign. Keep them apart.`;

/** The root of a backed up log in the form in which checkpoints and "attestry log verify" show it. */
export const shownRoot = ({ root }: { readonly root: string }): string =>
  encodeBase64(decodeHex(root) ?? new Uint8Array());

export const make = operating<BackupOptions>(async ({ to, withKeys = false }) => {
  const { backup, config } = await openUpkeep(progressLine());
  const folder = resolve(to);
  const manifest = await backup({ folder, withKeys });
  const { registry, size, tables, checkpoint, madeAt } = manifest;
  const root = shownRoot(manifest);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const keys = keyLine(withKeys, resolve(config.dataDir, 'keys'));
  return {
    ok: true,
    lines: [
      `Backed up ${registry} to ${folder}: ${counted(size, 'entry', 'entries')} of its log, root ${root}, ${counted(rows, 'row')}.`,
      keys,
    ],
    json: { ok: true, folder, registry, size, root, checkpoint, rows, madeAt, withKeys },
  };
});
