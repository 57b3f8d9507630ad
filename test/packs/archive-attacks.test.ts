// Every attack on archives by name, sent to a whole registry: none crashes it, none stores anything, memory stays flat.
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestEntry, noise, packWith, paxRecord, tarOf } from '../world/archives.ts';
import { type Ground, ground, type RegistryProcess } from '../world/processes.ts';
import { addressOf, createPublisher, delegate } from '../world/publisher.ts';

const MIB = 1_048_576;
const acme = createPublisher();
const good = await acme.pack();
let world: Ground;
let registry: RegistryProcess;

beforeAll(async () => {
  world = await ground();
  registry = await world.start();
  await delegate(registry.call, acme, ['vendor.acme.*']);
});
afterAll(() => world.clear());

const manifest = (text: string | Uint8Array): Buffer => gzipSync(tarOf({ name: 'pack.json', bytes: text }));
const named = (name: string | Uint8Array): Buffer => packWith({ name, bytes: 'x' });
const ofType = (type: string): Buffer => packWith({ name: 'other', type, linkName: 'pack.json' });
const pax = (record: string): Buffer =>
  packWith({ name: 'PaxHeader', type: 'x', bytes: record }, { name: 'a', bytes: 'x' });

const ATTACKS: Readonly<Record<string, Buffer>> = {
  'traversal by ..': named('../outside'),
  'traversal within a path': named('a/../../outside'),
  'an absolute name': named('/etc/passwd'),
  'a drive letter': named('C:/windows/system.ini'),
  'a backslash': named('a\\..\\b'),
  'a symbolic link': ofType('2'),
  'a hard link': ofType('1'),
  'a character device': ofType('3'),
  'a block device': ofType('4'),
  'a fifo': ofType('6'),
  'a name twice': packWith({ name: 'a', bytes: '1' }, { name: 'a', bytes: '2' }),
  'a name twice after NFC': packWith({ name: 'é', bytes: '1' }, { name: 'e\u0301', bytes: '2' }),
  'names that differ in case only': packWith({ name: 'README', bytes: '1' }, { name: 'readme', bytes: '2' }),
  'a NUL in a name': named(Buffer.from('a\0b')),
  'a name that is not UTF-8': named(Buffer.from([0x61, 0xff, 0xfe])),
  '10,001 entries': packWith(...Array.from({ length: 10_001 }, (_, at) => ({ name: `f${at}` }))),
  'a pax size that contradicts the header': pax(paxRecord('size', '999')),
  'a GNU long name': packWith({ name: '././@LongLink', type: 'L', bytes: 'x'.repeat(200) }),
  'a second gzip member': Buffer.concat([good, gzipSync('x')]),
  'trailing garbage': Buffer.concat([good, Buffer.from('garbage')]),
  'a gzip bomb of 64 MiB in 64 KB': gzipSync(Buffer.alloc(64 * MIB)),
  'a bomb inside a bomb': gzipSync(gzipSync(Buffer.alloc(64 * MIB))),
  'random bytes': noise(100_000),
  'a manifest of 256 KB and one byte': manifest(`{"a":"${'x'.repeat(262_145 - 8)}"}`),
  'a manifest with a key twice': manifest('{"name":"vendor.acme.tools","name":"vendor.acme.tools"}'),
  'a manifest 100,000 levels deep': manifest('['.repeat(100_000)),
  'a lone surrogate': manifest('{"name":"\\ud800"}'),
  'a __proto__ key': manifest('{"__proto__":{"polluted":true}}'),
  'a size that lies ten to one': gzipSync(
    tarOf(manifestEntry, { name: 'a', bytes: 'x'.repeat(1_000), size: 10_000 }),
  ),
  'two pack.json': packWith(manifestEntry),
};

const rss = (field: 'VmRSS' | 'VmHWM'): number =>
  Number(
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(
      readFileSync(`/proc/${registry.process.pid}/status`, 'utf8'),
    )?.[1],
  ) * 1_024;

const attack = async (body: Buffer): Promise<number> =>
  (await registry.call('PUT', addressOf(), { body })).status;

describe('a registry that is sent', () => {
  it.each(Object.keys(ATTACKS))('%s refuses it and stores nothing', async (name) => {
    const before = await world.stored();
    expect(await attack(ATTACKS[name] as Buffer)).toBe(400);
    expect(await world.stored()).toEqual(before);
  });

  it('a good pack truncated at every 512th byte of its archive refuses each', async () => {
    const before = await world.stored();
    const tar = gunzipSync(good);
    for (let at = 0; at < tar.length; at += 512)
      expect(await attack(gzipSync(tar.subarray(0, at))), `at ${at}`).toBe(400);
    expect(await world.stored()).toEqual(before);
  });

  it('the good pack itself still takes it afterwards', async () => {
    expect(await attack(good)).toBe(201);
  });
});

describe.skipIf(process.platform !== 'linux')('its memory (read from /proc, so on Linux only)', () => {
  it('grows by less than 200 MB while eight of the heaviest run at once', async () => {
    const heavy = [
      ATTACKS['a gzip bomb of 64 MiB in 64 KB'],
      ATTACKS['10,001 entries'],
      gzipSync(
        tarOf(
          manifestEntry,
          ...Array.from({ length: 10 }, (_, at) => ({ name: `f${at}`, bytes: noise(900_000, `${at}`) })),
        ),
      ),
      noise(10 * MIB),
    ] as Buffer[];
    const before = rss('VmRSS');
    await Promise.all([...heavy, ...heavy].map(attack));
    expect(rss('VmHWM') - before).toBeLessThan(200 * MIB);
  });
});
