// A host as small as it can be: installs its packs from a lockfile when it starts, and loads only what is still the same.
// node --import attestry/typescript example-host.ts pack-lock.json root.json packs
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import {
  installPacks,
  type Lockfile,
  loadInstalled,
  parseLockfile,
  planFromLock,
  Refusal,
} from 'attestry/client';

const [lockPath = 'pack-lock.json', rootPath = 'root.json', dir = 'packs'] = process.argv.slice(2);

const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Refusal)) throw error;
  return `${error.message} (${error.code}: ${JSON.stringify(error.evidence)})`;
};

/** All of them or none, and exactly the bytes that are locked: what was changed while the host was down is put right. */
const installAll = async (lock: Lockfile): Promise<void> => {
  const pinnedRoot = new Uint8Array(await readFile(rootPath));
  const planned = planFromLock(lock, []);
  await installPacks({ url: lock.registry ?? '', dir, requests: [], planned, pinnedRoot });
};

/** `files` are the bytes that were checked: whoever reads the path again may read others. */
const load = async (name: string): Promise<string> => {
  try {
    const { marker, files } = await loadInstalled(dir, name);
    return `Loaded ${name}@${marker.version}: ${files.size} files, ${marker.assurance}`;
  } catch (error) {
    return `Refused to load ${name}: ${reasonOf(error)}`;
  }
};

const main = async (): Promise<void> => {
  const lock = parseLockfile(await readFile(lockPath));
  await installAll(lock);
  for (const { name } of lock.packs) say(await load(name));
  // A pack is loaded when it is needed, which may be long after the start.
  for await (const name of createInterface({ input: process.stdin })) say(await load(name));
};

await main().catch((error: unknown) => {
  say(`The host does not start: ${reasonOf(error)}`);
  process.exitCode = 1;
});
