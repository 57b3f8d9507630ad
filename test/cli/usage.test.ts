// Words that cannot be right are a wrong use: exit code 2, with an example, before any registry is asked.
import { expect, it } from 'vitest';
import { newShell } from '../world/cli.ts';

const NOBODY = 'http://127.0.0.1:9';
const SINCE = ['--since', '2027-01-31T00:00:00Z'];
const WHY = ['--reason', 'x'];

const WRONG: readonly (readonly [string, readonly string[]])[] = [
  ['vendor.acme.tools', ['keychain', 'tools']],
  ['vendor.acme.tools', ['keychain', '']],
  ['vendor.acme.tools', ['new', '../tools']],
  ['vendor.acme.tools', ['keys', 'rotate', '--old-key', 'a', '--key', 'b', '--pack', 'tools']],
  ['key id', ['keys', 'revoke', '--key-id', 'a b', ...WHY]],
  ['key id', ['keys', 'compromise', '--key-id', 'a/b', ...SINCE, ...WHY]],
  ['2027-01-31T00:00:00Z', ['keys', 'compromise', '--key-id', 'a', '--since', '2027-01-31', ...WHY]],
  ['2027-01-31T00:00:00Z', ['keys', 'add', '--key', 'a', '--not-after', 'never']],
  ['2027-01-31T00:00:00Z', ['token', 'create', '--account', 'a', '--scope', 'admin', '--expires', '7d']],
  ['well-known', ['namespace', 'prove', 'vendor.acme', '--domain', 'acme.com', '--method', 'mail']],
  ['human:<authority>:<name>', ['workforce', 'end', 'ada']],
  ['human:<authority>:<name>', ['workforce', 'bind', 'ada', '--capacity', 'reviewer']],
  ['kb:<authority>', ['kb', 'events', '--base', 'wording']],
  ['connector', ['search', '--kind', 'nod']],
  ['--tree', ['pack', '.', '--unsigned', '--tree', 'v2']],
];

const GONE: readonly (readonly [string, readonly string[]])[] = [
  ['no such file', ['publish', 'gone.tgz']],
  ['no such file', ['verify', '--bundle', 'gone.json']],
  ['no such file', ['verify', 'vendor.acme.tools@1.0.0', '--policy', 'gone.json']],
  ['no such file', ['verify', 'vendor.acme.tools@1.0.0', '--root', 'gone.json']],
  ['no such file', ['install', '--bundle', 'gone.bundle', '--root', 'gone.json', '--dir', 'packs']],
  ['no such file', ['pack', 'gone', '--unsigned']],
  ['there is no pack-lock.json', ['install', '--frozen', '--dir', 'packs']],
  ['there is no gone.json', ['install', '--lock', 'gone.json', '--dir', 'packs']],
];

it('ends with 2 and says how it is written', { timeout: 60_000 }, async () => {
  const shell = await newShell({ ATTESTRY_URL: NOBODY, ATTESTRY_TOKEN: 'att_test' });
  for (const [shown, words] of WRONG) {
    const { code, stdout, stderr } = await shell.run(...words);
    expect([words, code, stdout]).toEqual([words, 2, '']);
    expect(stderr.toLowerCase()).toContain(shown.toLowerCase());
  }
});

it('ends with 1 where the words are right and a file that they name is not there', {
  timeout: 60_000,
}, async () => {
  const shell = await newShell({ ATTESTRY_URL: NOBODY, ATTESTRY_TOKEN: 'att_test' });
  for (const [shown, words] of GONE) {
    const { code, document } = await shell.json(...words);
    expect([words, code, document]).toMatchObject([words, 1, { ok: false, error: 'file_not_found' }]);
    expect(document.message.toLowerCase()).toContain(shown);
  }
});
