// What a backup looks like: a manifest, written last, that names every part of it with size and digest.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, parseDigest } from '../../../storage/digest.ts';
import { parseStrictJson } from '../../protocol/json.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { UpkeepRefused } from '../refused.ts';
import type { AppliedMigration, SequenceValue } from './backup-store.ts';

export const BACKUP_TYPE = 'attestry-backup/v1';
export const MANIFEST_FILE = 'manifest.json';
/** A blob store of its own: what is there already need not be copied again. */
export const OBJECTS_FOLDER = 'objects';

/** A file of the backup, by its path in the folder. */
export interface Part {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: Digest;
}

export interface TablePart extends Part {
  readonly table: string;
  readonly rows: number;
}

export interface BackupManifest {
  readonly madeAt: string;
  /** The folder of all parts that change from backup to backup. */
  readonly snapshot: string;
  /** The name of the log. */
  readonly registry: string;
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
  readonly migrations: readonly AppliedMigration[];
  readonly sequences: readonly SequenceValue[];
  /** Every table after those that it refers to. */
  readonly tables: readonly TablePart[];
  /** The list of objects: a line `<key> <size> <sha256>` for each. */
  readonly objects: Part;
  /** The newest root, as it is served. */
  readonly rootDocument: Part;
  /** Private keys, where they were asked for. */
  readonly keys: readonly Part[];
}

type Json = Parameters<typeof at>[0];

const refuse = (where: string): never => {
  throw new UpkeepRefused('backup_form', { where });
};

const text = (value: Json | undefined, name: string): string =>
  textOf(at(value ?? null, name)) ?? refuse(name);

const count = (value: Json | undefined, name: string): number => {
  const found = at(value ?? null, name);
  return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : refuse(name);
};

/** A path that stays in the folder, whoever wrote it. */
const PATH = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,255}$/;

const pathIn = (value: Json | undefined, name: string): string => {
  const path = text(value, name);
  return PATH.test(path) ? path : refuse(name);
};

const readPart = (value: Json | undefined): Part => ({
  path: pathIn(value, 'path'),
  bytes: count(value, 'bytes'),
  sha256: parseDigest(text(value, 'sha256')) ?? refuse('sha256'),
});

const readTable = (value: Json): TablePart => ({
  ...readPart(value),
  table: /^[a-z_][a-z0-9_]{0,62}$/.exec(text(value, 'table'))?.[0] ?? refuse('table'),
  rows: count(value, 'rows'),
});

const items = (value: Json, name: string): readonly Json[] => listOf(at(value, name));

/** @throws UpkeepRefused backup_form, backup_version */
export const parseManifest = (bytes: Uint8Array): BackupManifest => {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok || objectOf(parsed.value) === undefined) return refuse('');
  const { value } = parsed;
  const type = text(value, 'type');
  if (type !== BACKUP_TYPE) throw new UpkeepRefused('backup_version', { expected: BACKUP_TYPE, found: type });
  return {
    madeAt: text(value, 'madeAt'),
    snapshot: pathIn(value, 'snapshot'),
    registry: text(value, 'registry'),
    size: count(value, 'size'),
    root: text(value, 'root'),
    checkpoint: text(value, 'checkpoint'),
    migrations: items(value, 'migrations').map((each) => ({
      name: text(each, 'name'),
      sha256: text(each, 'sha256'),
    })),
    sequences: items(value, 'sequences').map((each) => ({
      name: text(each, 'name'),
      value: text(each, 'value'),
    })),
    tables: items(value, 'tables').map(readTable),
    objects: readPart(at(value, 'objects')),
    rootDocument: readPart(at(value, 'rootDocument')),
    keys: items(value, 'keys').map(readPart),
  };
};

export const manifestText = (manifest: BackupManifest): string =>
  `${JSON.stringify({ type: BACKUP_TYPE, ...manifest }, null, 2)}\n`;

/** Undefined where the folder holds no finished backup. @throws UpkeepRefused backup_form, backup_version */
export const readManifest = async (folder: string): Promise<BackupManifest | undefined> => {
  const bytes = await readFile(join(folder, MANIFEST_FILE)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return bytes && parseManifest(bytes);
};
