// attestry backup: puts one moment of the registry into a folder, while it runs.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { decodeHex, encodeBase64 } from '../../keys/bytes.ts';
import { example } from './command.ts';
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

const make = operating<BackupOptions>(async ({ to, withKeys = false }) => {
  const { openUpkeep } = await import('../main.ts');
  const { backup, config } = openUpkeep(progressLine());
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

export const addBackup = (program: Command): void => {
  example(
    program
      .command('backup')
      .description('back the registry up while it runs; again into the same folder copies only what is new')
      .helpGroup('Operators:')
      .requiredOption('--to <dir>', 'folder of the backup')
      .option('--with-keys', 'also the private keys of the registry; without, they are not in it'),
    'attestry backup --to /mnt/backup/attestry',
  ).action(make);
};
