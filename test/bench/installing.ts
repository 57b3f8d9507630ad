// A process that installs, or does only the part of it that nobody can leave out, once for each order it is sent.
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import http from 'node:http';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { installPacks } from '../../src/client/install.ts';
import { inLanes } from '../../storage/in-lanes.ts';

export interface Order {
  readonly what: 'cold' | 'warm' | 'download' | 'unpack' | 'unpack durably';
  readonly url: string;
  /** On the disk that is measured. */
  readonly folder: string;
  readonly requests: readonly string[];
  readonly tarballs: readonly string[];
  /** At most so many, for whoever does without a client of ours. */
  readonly connections: number;
}

/** Milliseconds. */
export interface Done {
  readonly wall: number;
  readonly cpu: number;
}

const packed = promisify(gunzip);

const fetchBytes = (url: string, agent: http.Agent): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const request = http.get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    });
    request.on('error', reject);
  });

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
};

const BLOCK = 512;

/** Name and bytes of each file of an archive that is known to be sound. */
function* entriesOf(tar: Buffer): Generator<readonly [name: string, bytes: Buffer]> {
  for (let at = 0; tar[at] !== 0; ) {
    const text = (from: number, length: number) =>
      tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    yield [text(0, 100), tar.subarray(at + BLOCK, at + BLOCK + size)];
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

const writeFiles = async (root: string, tar: Buffer, durably: boolean): Promise<void> => {
  const folders = new Set<string>([root]);
  await mkdir(root);
  for (const [name, bytes] of entriesOf(tar)) {
    const path = join(root, name);
    if (!folders.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
    folders.add(dirname(path));
    const file = await open(path, 'wx');
    await file.writeFile(bytes);
    if (durably) await file.sync();
    await file.close();
  }
  if (durably) for (const folder of folders) await syncFolder(folder);
};

/** Downloads each tarball and hashes it; unpacks it as well where that is asked. Nothing is checked. */
const bare = async (order: Order, into: string | undefined, durably: boolean): Promise<void> => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: order.connections });
  const names = order.tarballs.entries();
  await inLanes(names, order.connections, async ([index, path]) => {
    const bytes = await fetchBytes(order.url + path, agent);
    createHash('sha256').update(bytes).digest('hex');
    if (into !== undefined) await writeFiles(join(into, String(index)), await packed(bytes), durably);
  });
  if (into !== undefined && durably) await syncFolder(into);
  agent.destroy();
};

const install = async ({ url, folder, requests, tarballs }: Order, installed: boolean): Promise<void> => {
  const dir = join(folder, 'packs');
  const policy = { requireStatement: true, minAssurance: 'log+bytes' } as const;
  const statePath = join(folder, 'state.json');
  const results = await installPacks({ url, dir, statePath, requests, policy });
  const right = results.filter((each) => each.installed === installed);
  if (right.length !== tarballs.length)
    throw new Error(`${right.length} packs instead of ${tarballs.length}`);
};

/** Everything that must be gone is gone before the clock starts. */
const clear = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
};

const work = async (order: Order): Promise<void> => {
  if (order.what === 'cold') return install(order, true);
  if (order.what === 'warm') return install(order, false);
  const into = order.what === 'download' ? undefined : order.folder;
  return bare(order, into, order.what === 'unpack durably');
};

const measured = async (order: Order): Promise<Done> => {
  if (order.what !== 'warm') await clear(order.folder);
  const [started, before] = [performance.now(), process.cpuUsage()];
  await work(order);
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - started, cpu: (user + system) / 1_000 };
};

process.on('message', (order: Order) => {
  measured(order).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      throw error;
    },
  );
});
