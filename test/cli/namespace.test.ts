// Namespaces by the command line, against a real registry: offered, accepted, proved, held back and listed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newShell } from '../world/cli.ts';
import { accountWith } from '../world/publisher.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

let registry: TestRegistry;
let shown: readonly string[] = [];
const tokens: Record<string, string> = {};
beforeAll(async () => {
  const prover = { texts: async () => shown };
  registry = await startRegistry({ vendorDomainProof: 'required' }, { prover });
  for (const name of ['alice', 'bob'])
    tokens[name] = await accountWith(registry.call, name, ['namespaces:claim']);
  tokens['operator'] = registry.adminToken;
});
afterAll(() => registry.stop());

const as = (who: string) => newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: tokens[who] ?? '' });

describe('attestry namespace', { timeout: 120_000 }, () => {
  it('prove tells what to publish where, and looks for it', async () => {
    const shell = await as('alice');
    const claimed = await shell.run('namespace', 'claim', 'vendor.hooli');
    expect(claimed.stdout).toContain('attestry namespace prove vendor.hooli --domain DOMAIN');
    const bare = await shell.run('namespace', 'prove', 'vendor.hooli');
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining('--domain')]);
    const told = await shell.json('namespace', 'prove', 'vendor.hooli', '--domain', 'hooli.com');
    expect(told.document.place).toBe('https://hooli.com/.well-known/attestry-namespace.txt');
    const early = await shell.run('namespace', 'prove', 'vendor.hooli', '--check');
    expect([early.code, early.stderr]).toEqual([
      1,
      expect.stringMatching(/does not show the text[\s\S]*prove/),
    ]);
    shown = [told.document.text];
    expect((await shell.run('namespace', 'prove', 'vendor.hooli', '--check')).stdout).toContain('for a year');
    const list = await shell.run('namespace', 'list');
    expect(list.stdout).toMatch(
      /^NAMESPACE .*STATUS.*DOMAIN[\s\S]*vendor\.hooli +alice .*active +hooli\.com/,
    );
  });

  it('offer, withdraw-offer and accept hand a namespace over', async () => {
    const [alice, bob] = [await as('alice'), await as('bob')];
    const offer = ['namespace', 'offer', 'vendor.hooli', '--account', 'bob'];
    expect((await alice.json(...offer)).document).toMatchObject({ account: 'bob' });
    expect((await alice.json('namespace', 'withdraw-offer', 'vendor.hooli')).document).toEqual({
      ok: true,
      withdrawn: 'vendor.hooli',
    });
    const none = await bob.run('namespace', 'accept', 'vendor.hooli');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('No offer of vendor.hooli stands')]);
    expect((await alice.run(...offer)).stdout).toContain('attestry namespace accept vendor.hooli');
    expect((await bob.run('namespace', 'list')).stdout).toMatch(/vendor\.hooli .*bob\n/);
    expect((await bob.run('namespace', 'accept', 'vendor.hooli')).stdout).toContain('now belongs to bob');
  });

  it('transfer, hold and release are the operator’s', async () => {
    const [shell, alice] = [await as('operator'), await as('alice')];
    const transfer = ['namespace', 'transfer', 'vendor.hooli', '--account', 'alice', '--reason', 'a mistake'];
    expect((await alice.run(...transfer)).code).toBe(1);
    expect((await shell.json(...transfer)).document).toMatchObject({ account: 'alice' });
    expect((await shell.run('namespace', 'hold', 'nasa', '--reason', 'well known')).stdout).toContain(
      'held back',
    );
    const refused = await alice.run('namespace', 'claim', 'community.na5a');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/taken for nasa[\s\S]*Ask the operator/),
    ]);
    expect((await alice.run('namespace', 'list')).stdout).toMatch(/Held back:\nNAME[\s\S]*nasa .*well known/);
    expect((await shell.json('namespace', 'release', 'nasa')).document).toEqual({
      ok: true,
      released: 'nasa',
    });
    expect((await shell.run('namespace', 'release', 'nasa')).code).toBe(1);
  });
});
