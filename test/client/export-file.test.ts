// The file of an export: what is no such file is refused before anything in it is looked at, and it is whole or not there.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { memoryBytes } from '../../src/client/export-file/file-bytes.ts';
import { HEAD_NAME, headBytes } from '../../src/client/export-file/format.ts';
import { makeExport } from '../../src/client/export-file/make-export.ts';
import { openExport } from '../../src/client/export-file/open-export.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { tarHeader } from '../../src/protocol/tar-writer.ts';
import { entry, tarOf, temporary } from '../mirror/exporting.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher } from '../world/publisher.ts';
import { plainRegistry } from '../world/static-registry.ts';

const HEAD = [HEAD_NAME, headBytes({ registry: 'https://packs.example' })] as const;
const text = (value: string): Uint8Array => Buffer.from(value);

/** A header with a checksum that fits, whatever was changed in it. */
const forged = (name: string, size: number, change: (header: Buffer) => void): Buffer => {
  const header = Buffer.from(tarHeader({ prefix: '', name }, size));
  change(header);
  header.write(' '.repeat(8), 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(7, '0')}\0`, 148);
  return header;
};

const behindHead = (...entries: readonly Buffer[]): Buffer =>
  Buffer.concat([entry(...HEAD), ...entries, Buffer.alloc(1024)]);

const hostile: Readonly<Record<string, Buffer>> = {
  'an empty file': Buffer.alloc(0),
  'no archive at all': Buffer.alloc(4096, 'x'),
  'another format': tarOf([[HEAD_NAME, text('{"format":"x","registry":"https://packs.example"}')]]),
  'no head': tarOf([['v1/index.json', text('{}')]]),
  'a head of no registry': tarOf([
    [HEAD_NAME, text('{"format":"attestry-registry-export/v1","registry":"file:///etc"}')],
  ]),
  'a name twice': tarOf([HEAD, ['a/b', text('1')], ['a/b', text('2')]]),
  'names out of order': tarOf([HEAD, ['b', text('1')], ['a', text('2')]]),
  'a way up': tarOf([HEAD, ['a/../../etc/passwd', text('1')]]),
  'an absolute name': tarOf([HEAD, ['/etc/passwd', text('1')]]),
  'a symbolic link': behindHead(forged('a', 0, (header) => void header.write('2', 156))),
  'a directory': behindHead(forged('a/', 0, (header) => void header.write('5', 156))),
  'a size that is a lie': behindHead(
    tarHeader({ prefix: '', name: 'a' }, 1_000_000) as Buffer,
    Buffer.alloc(512),
  ),
  'a huge entry': behindHead(tarHeader({ prefix: '', name: 'a' }, 8 ** 11 - 1) as Buffer),
  'a size in no octal digits': behindHead(forged('a', 0, (header) => void header.writeUInt8(0x80, 124))),
  'hidden bytes in a header': behindHead(forged('a', 0, (header) => void header.write('evil', 500))),
  'hidden bytes behind an entry': behindHead(
    Buffer.concat([tarHeader({ prefix: '', name: 'a' }, 1), Buffer.alloc(512, 'x')]),
  ),
  'bytes after its end': Buffer.concat([tarOf([HEAD]), Buffer.alloc(512)]),
  'no end': Buffer.concat([entry(...HEAD)]),
};

const plainWorld = async () => {
  const key = createPublisher('full-1');
  const pack = await makePack(key, { name: 'vendor.full.pack' });
  const upstream = await plainRegistry([{ publisher: key, namespaces: ['vendor.full.*'] }], [pack]);
  upstream.setJson('/v1/index.json', { packs: [{ name: pack.name }] });
  return { upstream, pack };
};

describe('an export', () => {
  it.each(Object.entries(hostile))('is refused where it is, or has, %s', async (_title, bytes) => {
    await expect(openExport(memoryBytes(bytes))).rejects.toMatchObject({ code: 'export_unreadable' });
  });

  it('is refused wherever it is cut off', async () => {
    const whole = tarOf([HEAD, ['a', text('1')]]);
    for (let size = 0; size < whole.length; size += 512)
      await expect(openExport(memoryBytes(whole.subarray(0, size)))).rejects.toMatchObject({
        code: 'export_unreadable',
      });
  });

  it('holds names that are longer than those of plain archives', async () => {
    const long = `v1/packs/${'a'.repeat(214)}/-/1.0.0%2B${'b'.repeat(60)}.tgz`;
    const opened = await openExport(memoryBytes(tarOf([HEAD, [long, text('bytes')]])));
    expect(Buffer.from((await opened.read(`/${long}`)) ?? []).toString()).toBe('bytes');
    expect(opened).toMatchObject({ files: 1, head: { registry: 'https://packs.example' } });
  });

  it('is made whole although answers are broken off, or asked for too fast', async () => {
    const { upstream } = await plainWorld();
    const failing = new Set<string>();
    upstream.lieAbout(/^\/(v1|keys)\//, (response, honest, { url = '' }) => {
      const isFirst = !failing.has(url);
      failing.add(url);
      if (isFirst && failing.size % 2 === 0) return void response.destroy();
      if (isFirst) return void response.writeHead(429, { 'retry-after': '0' }).end();
      response.writeHead(honest.length === 0 ? 404 : 200).end(honest);
    });
    const options = { url: upstream.url, store: memoryTrustStore(), pausesMs: [1, 1] };
    const made = await makeExport(options, join(await temporary(), 'out.tar'));
    expect(made).toMatchObject({ packs: 1, versions: 1, log: undefined });
    await upstream.close();
  });

  it.each([1, 2, 6, 9])(
    'is not there, nor anything beside it, where the disk is full at write %i',
    async (at) => {
      const { upstream } = await plainWorld();
      const folder = await temporary();
      const some = await open(join(folder, 'some'), 'w');
      const methods = Object.getPrototypeOf(some) as { write: (...args: unknown[]) => Promise<unknown> };
      await some.close();
      const { write } = methods;
      let writes = 0;
      const full = vi.spyOn(methods, 'write').mockImplementation(function (this: unknown, ...args) {
        writes += 1;
        const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        return writes === at ? Promise.reject(error) : write.apply(this, args);
      });
      try {
        const options = { url: upstream.url, store: memoryTrustStore() };
        await expect(makeExport(options, join(folder, 'out.tar'))).rejects.toMatchObject({ code: 'ENOSPC' });
      } finally {
        full.mockRestore();
        await upstream.close();
      }
      expect(await readdir(folder)).toEqual(['some']);
    },
  );
});
