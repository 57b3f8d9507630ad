// Sound tarballs, from our own fixtures, from the tar and gzip of this machine, and from the public registry.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import { digestOf } from '../../storage/digest.ts';
import { chunked, inspect, MANIFEST, noise, packWith, refusals, sampleTarballs } from '../world/archives.ts';

describe('the report of a sound tarball', () => {
  it('lists every file with its size and digest, and gives the manifest byte for byte', async () => {
    const data = noise(150_000);
    const report = await inspect(packWith({ name: 'empty' }, { name: './dist/data.bin', bytes: data }));
    expect(report.violations).toEqual([]);
    expect(report.files).toEqual([
      { path: 'pack.json', size: MANIFEST.length, digest: digestOf(Buffer.from(MANIFEST)) },
      { path: 'empty', size: 0, digest: digestOf(new Uint8Array(0)) },
      { path: 'dist/data.bin', size: 150_000, digest: digestOf(data) },
    ]);
    expect(Buffer.from(report.manifestBytes ?? []).toString()).toBe(MANIFEST);
  });

  it('holds the contents that were asked for', async () => {
    const bytes = packWith(
      { name: 'schemas/a.json', bytes: '{}' },
      { name: 'keys/pack.json.sig', bytes: 's' },
    );
    const report = await inspectTarball(chunked(bytes).source, undefined, (path) =>
      path.startsWith('schemas/'),
    );
    expect([...report.contents.keys()]).toEqual(['pack.json', 'schemas/a.json']);
  });

  it('gives names as they are written, in normal form C', async () => {
    const report = await inspect(packWith({ name: 'caf\u00e9.md' }));
    expect(report.violations).toEqual([]);
    expect(report.files[1]?.path).toBe('caf\u00e9.md');
  });
});

const SAMPLE = sampleTarballs();

describe.skipIf(SAMPLE.length === 0)(
  'the sample of the public registry (skipped where it is not at hand)',
  () => {
    it('is inspected without a violation, every tarball of it', async () => {
      const found = await Promise.all(SAMPLE.map(async ({ label, bytes }) => [label, await refusals(bytes)]));
      expect(found.filter(([, refused]) => refused?.length !== 0)).toEqual([]);
      expect(found).toHaveLength(46);
    });

    it('holds the signature of every pack that carries one', async () => {
      const reports = await Promise.all(SAMPLE.map(({ bytes }) => inspect(bytes)));
      const sizes = reports.map((report) => report.contents.get('keys/pack.json.sig')?.length);
      expect(new Set(sizes)).toEqual(new Set([64, undefined]));
      expect(sizes.filter((size) => size === undefined)).toHaveLength(2);
    });
  },
);

const version = (tool: string): string => {
  try {
    return execFileSync(tool, ['--version'], { encoding: 'utf8' });
  } catch {
    return '';
  }
};

describe.skipIf(!version('tar').includes('GNU tar'))(
  'GNU tar and gzip (skipped where they are not installed)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'attestry-tar-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'schemas'));
    writeFileSync(join(folder, 'pack.json'), MANIFEST);
    writeFileSync(join(folder, 'schemas', 'a.json'), '{}');
    const tar = (...flags: readonly string[]): Buffer =>
      execFileSync('tar', ['-C', folder, ...flags, '-cf', '-', '.'], { maxBuffer: 10_000_000 });
    const gzip = (bytes: Buffer): Buffer => execFileSync('gzip', ['-c'], { input: bytes });

    it('make a sound tarball in the ustar format', async () => {
      const report = await inspect(gzip(tar('--format=ustar')));
      expect(report.violations).toEqual([]);
      expect(report.files.map((file) => file.path).sort()).toEqual(['pack.json', 'schemas/a.json']);
    });

    it('are told the cure where they used a format that OpenWOP clients cannot read', async () => {
      for (const format of ['gnu', 'oldgnu', 'pax', 'v7']) {
        const [first] = await refusals(gzip(tar(`--format=${format}`)));
        expect(first).toContain('tar --format=ustar');
      }
    });
  },
);
