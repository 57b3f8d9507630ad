// Eight hostile archives at once: how far the memory of a process grows.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { manifestEntry, noise, packWith, tarOf } from '../world/archives.ts';
import { ROOT, TYPESCRIPT } from '../world/source.ts';

const MIB = 1_048_576;
const folder = mkdtempSync(join(tmpdir(), 'attestry-archives-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs in a process that has done nothing else, so that no memory freed before hides what the inspection takes. */
const PROGRAM = `
  import { createReadStream } from 'node:fs';
  import { inspectTarball } from './src/protocol/tarball.ts';
  const [small, hostile] = process.argv.slice(-2);
  const read = (path) => inspectTarball(createReadStream(path));
  await read(small);
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()); }, 5);
  const reports = await Promise.all(Array.from({ length: 8 }, () => read(hostile)));
  clearInterval(watch);
  const growth = Math.max(peak, process.memoryUsage.rss()) - before;
  console.log(JSON.stringify({ growth, codes: reports.map((report) => report.violations[0]?.code ?? 'sound') }));
`;

const fileOf = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const inspectEight = (bytes: Uint8Array): { readonly growth: number; readonly codes: readonly string[] } => {
  const paths = [fileOf('small.tgz', packWith({ name: 'a' })), fileOf('hostile.tgz', bytes)];
  const flags = [...TYPESCRIPT, '--input-type=module', '-e', PROGRAM, ...paths];
  return JSON.parse(execFileSync(process.execPath, flags, { cwd: ROOT, encoding: 'utf8' }));
};

const many = (count: number, entry: (at: number) => { readonly name: string; readonly bytes: Uint8Array }) =>
  packWith(...Array.from({ length: count }, (_, at) => entry(at)));

const megabyte = noise(1_000_000);

describe('eight inspections at once stay under 200 MB of growth for', () => {
  it.each([
    ['gzip bombs', 'tarball_too_large', () => gzipSync(Buffer.alloc(256 * MIB), { level: 1 })],
    [
      'archives that fill every cap',
      'sound',
      () =>
        many(10, (at) => ({
          name: `f${at}`,
          bytes: Buffer.concat(Array.from({ length: 5 }, () => megabyte)),
        })),
    ],
    [
      'archives of ten thousand long names',
      'sound',
      () => many(4_990, (at) => ({ name: `${at}/${'n'.repeat(90)}`, bytes: Buffer.from('x') })),
    ],
    [
      'archives of many keys to keep',
      'sound',
      () => many(150, (at) => ({ name: `keys/${at}`, bytes: megabyte.subarray(0, 250_000) })),
    ],
    [
      'archives of one endless extended header',
      'tarball_tar_parse_failed',
      () => {
        const bytes = Buffer.concat(Array.from({ length: 30 }, () => megabyte));
        return gzipSync(tarOf(manifestEntry, { name: 'pax', type: 'x', bytes }));
      },
    ],
    [
      'archives of one extended header that is just small enough to be read',
      'tarball_tar_parse_failed',
      () => {
        const bytes = Buffer.concat(Array.from({ length: 4 }, () => megabyte));
        return gzipSync(tarOf(manifestEntry, { name: 'pax', type: 'x', bytes }));
      },
    ],
  ])('%s', (_, code, make) => {
    const { growth, codes } = inspectEight(make());
    expect(codes).toEqual(Array.from({ length: 8 }, () => code));
    expect(growth).toBeLessThan(200 * MIB);
  });
});
