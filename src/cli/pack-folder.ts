// Reads the files of a pack from a folder, and leaves at home what must never be published.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault, type Violation } from '../protocol/faults.ts';

/** Never part of a pack: hidden files, what package managers install, tarballs made earlier. */
const isLeftOut = (name: string): boolean =>
  name.startsWith('.') || name === 'node_modules' || name.endsWith('.tgz');

const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/;

const violation = (where: string, message: string): Violation => ({
  code: 'tarball_tar_parse_failed',
  where,
  message,
});

interface Found {
  readonly files: Map<string, Uint8Array>;
  readonly violations: Violation[];
}

const readOne = async (root: string, path: string, found: Found): Promise<void> => {
  const bytes = await readFile(join(root, path));
  if (PRIVATE_KEY.test(bytes.toString('latin1')))
    found.violations.push(violation(path, 'The file holds a private key; move it out of the folder.'));
  else found.files.set(path, new Uint8Array(bytes));
};

const walk = async (root: string, below: string, found: Found): Promise<void> => {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of entries.filter(({ name }) => !isLeftOut(name))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) await walk(root, path, found);
    else if (entry.isFile()) await readOne(root, path, found);
    else found.violations.push(violation(path, 'Packs hold files only: no links, no devices.'));
  }
};

/**
 * Every file below a folder, by its path with forward slashes, in code unit order.
 * @throws Fault listing links, devices and private keys
 */
export const readPackFolder = async (folder: string): Promise<ReadonlyMap<string, Uint8Array>> => {
  const found: Found = { files: new Map(), violations: [] };
  await walk(folder, '', found);
  const [first] = found.violations;
  if (first !== undefined) throw fault(first.code, { violations: found.violations }, first.message);
  return new Map([...found.files].sort(([a], [b]) => (a < b ? -1 : 1)));
};
