// The first start: with a root of the operator's own ceremony, or one made on the spot; and what a later start finds.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { envelopeText } from '../../keys/envelope.ts';
import type { Root } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { OwnRootRefused } from '../../src/access/first-root.ts';
import { establishTrust, ForeignKeys } from '../../src/access/trust.ts';
import { draftOf, firstRoot } from '../../src/cli/root-draft.ts';
import { startFailureOf } from '../../src/cli/start-failure.ts';
import { appendEvent } from '../../src/transparency/append.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { holders, layKey, roleOf, signedRootText } from './root-world.ts';

const THREE = holders('alice', 'bob', 'carol');
let now = new Date('2027-01-01T00:00:00Z');
let database: OwnDatabase;
let dataDir: string;
let warnings: string[];
beforeEach(async () => {
  now = new Date('2027-01-01T00:00:00Z');
  warnings = [];
  database = await ownDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'attestry-root-'));
  await mkdir(join(dataDir, 'keys'), { mode: 0o700 });
});
afterEach(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const start = (keyFolder = join(dataDir, 'keys')) =>
  establishTrust({
    sql: database.sql,
    now: () => now,
    requireTrueTime: async () => undefined,
    keyFolder,
    origin: undefined,
    append: appendEvent({ now: () => now }),
    warn: (sentence) => void warnings.push(sentence),
  });

const files = () => readdir(join(dataDir, 'keys'));

const ceremony = (registrar: Signer, log: Signer, change: Partial<Root> = {}): Root => ({
  ...firstRoot({
    origin: 'packs.acme.example',
    ...roleOf(2, THREE),
    registrar: roleOf(1, [registrar]),
    log: log.publicKey,
    now,
    expires: new Date('2032-01-01T00:00:00Z'),
  }),
  ...change,
});

const layRoot = (text: string) => writeFile(join(dataDir, 'keys', 'root.json'), text);

const nothingStored = async () => {
  expect(await database.sql`select 1 from roots`).toHaveLength(0);
  expect(await database.sql`select 1 from events`).toHaveLength(0);
};

describe('a first start', () => {
  it('without a root makes one, and its keys', async () => {
    const trust = await start();
    expect(trust.root()).toMatchObject({ version: 1, threshold: 1 });
    expect((await files()).sort()).toEqual([
      'attestry-log.pem',
      'attestry-registrar.pem',
      'attestry-root.pem',
    ]);
    expect(warnings).toEqual([]);
  });

  it('by several processes at once has one root', async () => {
    const all = await Promise.all([start(), start(), start()]);
    expect(new Set(all.map((trust) => JSON.stringify(trust.root()))).size).toBe(1);
    expect(await database.sql`select 1 from events where kind = 'root.published'`).toHaveLength(1);
  });

  it("with the operator's own root takes it, makes no key, and signs with the keys it names", async () => {
    const [registrar, log] = [
      await layKey(dataDir, 'attestry-registrar'),
      await layKey(dataDir, 'attestry-log'),
    ];
    await layRoot(await signedRootText(ceremony(registrar, log), THREE.slice(1)));
    const trust = await start();
    expect(trust.root()).toEqual(ceremony(registrar, log));
    expect(trust.inForce().registrars.map(({ publicKey }) => publicKey)).toEqual([registrar.publicKey]);
    expect(trust.log.publicKey).toEqual(log.publicKey);
    expect((await files()).sort()).toEqual(['attestry-log.pem', 'attestry-registrar.pem', 'root.json']);
    await start();
    expect(warnings).toEqual([]);
  });

  const own = async (change: Partial<Root>, signers: readonly Signer[]) => {
    const [registrar, log] = [
      await layKey(dataDir, 'attestry-registrar'),
      await layKey(dataDir, 'attestry-log'),
    ];
    return signedRootText(ceremony(registrar, log, change), signers);
  };
  it.each([
    ['too few have signed', () => own({}, THREE.slice(1, 2)), '1 of 2 signatures', 'attestry root sign'],
    [
      'nobody has signed',
      async () => envelopeText(draftOf(ceremony(...(holders('a', 'b') as [Signer, Signer])))),
      '0 of 2 signatures',
      'attestry root sign',
    ],
    ['is not the first', () => own({ version: 2 }, THREE), 'version 2', 'attestry root init'],
    [
      'has expired',
      () => own({ issuedAt: '2020-01-01T00:00:00Z', expires: '2021-01-01T00:00:00Z' }, THREE),
      'expired',
      'attestry root init',
    ],
    ['is no root', async () => 'hello', 'DSSE', 'attestry root sign'],
  ])('is refused with the cure where that root %s, and nothing is stored', async (_, make, says, cure) => {
    await layRoot(await make());
    const before = await files();
    const error = await start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OwnRootRefused);
    const lines = startFailureOf(error)?.lines.join('\n');
    expect(lines).toContain(says);
    expect(lines).toContain(cure);
    await nothingStored();
    expect(await files()).toEqual(before);
  });

  it('is refused where the keys that root names do not lie beside it: none is made in their place', async () => {
    const registrar = await layKey(dataDir, 'attestry-registrar');
    const [log] = holders('attestry-log') as [Signer];
    await layRoot(await signedRootText(ceremony(registrar, log), THREE));
    const failure = startFailureOf(await start().catch((thrown: unknown) => thrown));
    expect(failure?.lines.join('\n')).toMatch(
      /attestry-log\*\.pem: SHA256:.+\n.*Put these private keys into/,
    );
    await nothingStored();
    expect(await files()).toEqual(['attestry-registrar.pem', 'root.json']);
  });
});

describe('a later start', () => {
  it('with the keys of another registry is refused', async () => {
    await start();
    await expect(start(join(dataDir, 'other'))).rejects.toThrow(ForeignKeys);
    await expect(start(join(dataDir, 'other'))).rejects.toThrow('does not have its keys in');
  });

  it.each(['attestry-log', 'attestry-registrar'])('names the one file %s that is missing', async (name) => {
    await start();
    await rm(join(dataDir, 'keys', `${name}.pem`));
    const other = name === 'attestry-log' ? 'attestry-registrar' : 'attestry-log';
    const refused = async () => startFailureOf(await start().catch((thrown: unknown) => thrown));
    const missing = (await refused())?.lines.join('\n') ?? '';
    expect(missing).toContain(`${name}*.pem: `);
    expect(missing).not.toContain(`${other}*.pem`);
    expect(missing).toContain(`Put these private keys into ${join(dataDir, 'keys')}`);
    await layKey(dataDir, name);
    expect((await refused())?.lines.join('\n')).toContain(`${name}*.pem: `);
  });

  it('says that a root laid there meanwhile is not used', async () => {
    await start();
    const [registrar, log] = holders('attestry-registrar', 'attestry-log') as [Signer, Signer];
    for (const text of [await signedRootText(ceremony(registrar, log), THREE), 'hello']) {
      await layRoot(text);
      warnings = [];
      expect((await start()).root().threshold).toBe(1);
      expect(warnings).toEqual([expect.stringContaining('root.json in the keys folder is not used')]);
    }
  });

  it.each([
    [61, undefined],
    [59, 'in 59 days'],
    [-1, 'clients refuse this registry'],
  ])('%i days before its root ends warns of it in time', async (days, says) => {
    const { expires } = (await start()).root();
    now = new Date(Date.parse(expires) - days * 24 * 60 * 60 * 1000);
    await start();
    expect(warnings).toEqual(says === undefined ? [] : [expect.stringContaining(says)]);
  });
});
