// A base in the hands of somebody at a terminal: proposed, looked at, accepted, read with proof, taken back, taken out.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTar } from '../../src/protocol/tar-writer.ts';
import { newShell, type Shell, shellIn } from '../world/cli.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';

const BASE = 'kb:acme.example:claims:policy-wording';
const OTHER = 'kb:acme.example:claims:prices';
const REFUNDS = 'Refunds within 30 days.\nNo later.\n';

let registry: TestRegistry;
let shell: Shell;

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(join(shell.folder, path, '..'), { recursive: true });
  await writeFile(join(shell.folder, path), text);
};

const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await shell.run(...args);
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout;
};

const document = async (...args: readonly string[]) => (await shell.json(...args)).document;

const propose = async (base: string, source: string, ...more: readonly string[]): Promise<string> =>
  (await document('kb', 'put', base, source, '--summary', 'a change', ...more)).contribution_id;

const accepted = async (base: string, source: string, ...more: readonly string[]): Promise<string> =>
  (await document('kb', 'accept', await propose(base, source, ...more))).knowledge_base_version;

const register = (base: string): Promise<string> =>
  ok(
    ...['kb', 'register', base, '--title', 'Policy wording', '--purpose', 'what claims handlers quote'],
    ...['--source', 'https://acme.example/wording', '--allow-self-review'],
  );

beforeAll(async () => {
  registry = await startRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'attestry-kb-'));
  shell = await shellIn(folder, { ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: registry.adminToken });
});
afterAll(async () => {
  await registry.stop();
  await rm(shell.folder, { recursive: true, force: true });
});

describe('a first base', { timeout: 240_000 }, () => {
  it('goes from setup to a proven document, and back again', async () => {
    await ok(
      'kb',
      'setup',
      '--authority',
      'acme.example',
      '--workforce',
      'claims',
      '--base',
      'policy-wording,prices',
    );
    await ok(
      'kb',
      'setup',
      '--authority',
      'acme.example',
      '--workforce',
      'claims',
      '--base',
      'policy-wording,prices',
    );
    await register(BASE);
    await write('wording/claims/refunds.md', REFUNDS);
    await write('wording/claims/travel.md', 'Travel needs a \u202ereceipt.\n');
    const id = await propose(BASE, 'wording');

    expect(await ok('kb', 'review')).toContain(id);
    const shown = await ok('kb', 'review', id);
    expect(shown).toContain('=== claims/refunds.md (new)');
    expect(shown).toContain('+ Refunds within 30 days.');
    expect(shown).toContain('Travel needs a \\u{202e}receipt.');
    expect(shown).not.toContain('\u202e');
    const digest = /--digest (sha256:[0-9a-f]{64})/.exec(shown)?.[1] ?? '';
    await ok('kb', 'accept', id, '--digest', digest);

    const got = await shell.run('kb', 'get', BASE, 'claims/refunds.md');
    expect(got).toMatchObject({ code: 0, stdout: REFUNDS });
    expect(got.stderr).toContain('Assurance: log+signed');
    const read = await document('kb', 'get', BASE, 'claims/refunds.md');
    expect(read).toMatchObject({
      found: true,
      text: REFUNDS,
      assurance: 'log+signed',
      media_type: 'text/markdown',
    });
    expect(await document('kb', 'replay', read.event_id)).toMatchObject({ outcome: 'match' });
    // Nobody who reads waits until the log has sealed that he did.
    await vi.waitFor(
      async () =>
        expect(await document('kb', 'events', read.event_id)).toMatchObject({
          event: { kind: 'CapabilityInvoked' },
          checked: [{ question: 'event', answer: 'yes' }],
        }),
      { timeout: 10_000, interval: 100 },
    );

    await write('wording/claims/refunds.md', 'Refunds within 14 days.\nNo later.\n');
    const first = read.knowledge_base_version;
    await accepted(BASE, 'wording');
    const diff = await ok('kb', 'diff', `${BASE}@${first}`, '--text');
    expect(diff).toContain(
      '~ claims/refunds.md\n    - Refunds within 30 days.\n    + Refunds within 14 days.\n      No later.\n',
    );
    await ok('kb', 'rollback', BASE, '--to', first, '--reason', 'wrong-dates', '--note', 'the law says 30');
    expect(await ok('kb', 'get', BASE, 'claims/refunds.md')).toBe(REFUNDS);
    const { moves } = await document('kb', 'history', BASE);
    expect(moves.map((move: { reason: string }) => move.reason)).toEqual(['rollback', 'accept', 'accept']);
  });

  it('says that there is nothing at a path, and proves it, with exit code 1', async () => {
    const { code, document: told } = await shell.json('kb', 'get', BASE, 'claims/nothing.md');
    expect(code).toBe(1);
    expect(told).toMatchObject({ found: false, assurance: 'log+signed' });
    expect(told.checked).toContainEqual({ question: 'entry', answer: 'yes' });
  });

  it('lists, pages and searches, each with what was proven', async () => {
    const page = await document('kb', 'list', BASE, '--limit', '1');
    expect(page).toMatchObject({ entries: [{ path: 'claims/refunds.md' }], next: 'claims/refunds.md' });
    const all = await document('kb', 'list', BASE, '--limit', '1', '--all');
    expect(all.entries).toHaveLength(2);
    expect(all.checked).toContainEqual({ question: 'page', answer: 'yes' });
    const found = await document('kb', 'search', BASE, 'refunds', '--documents');
    expect(found.hits).toMatchObject([{ path: 'claims/refunds.md', score: 1 }]);
    expect(found.checked).toContainEqual({ question: 'scores', answer: 'yes' });
    expect(await ok('kb', 'search', BASE, 'nowhere')).toContain('No hit.');
    expect(await ok('kb', 'list')).toContain(BASE);
  });

  it('takes documents out of a folder, an archive, an export and one file, and only what is new', async () => {
    await register(OTHER);
    const files = { 'a/one.md': 'one\n', 'b/zwei – ü.md': 'zwei\n' };
    for (const [path, text] of Object.entries(files)) await write(`folder/${path}`, text);
    await write('folder/.hidden', 'not this');
    await accepted(OTHER, 'folder');
    const tar = writeTar(new Map([['a/one.md', Buffer.from(files['a/one.md'])]]));
    await writeFile(join(shell.folder, 'same.tar'), tar);
    expect(await ok('kb', 'put', OTHER, 'same.tar', '--summary', 'the same')).toContain('Nothing to propose');
    await write(
      'more.json',
      JSON.stringify({ entries: [{ path: 'c.txt', base64: 'AAE=', media_type: 'application/x-c' }] }),
    );
    await accepted(OTHER, 'more.json');
    await write('three.md', 'three\n');
    await accepted(OTHER, 'three.md', '--into', 'd');
    await accepted(OTHER, 'folder', '--mirror');
    const { entries } = await document('kb', 'list', OTHER, '--all');
    expect(entries.map(({ path }: { path: string }) => path)).toEqual(Object.keys(files));
  });

  it('writes an archive or a folder out, checked, and never over something', async () => {
    await ok('kb', 'export', OTHER, '--out', 'out.car');
    await ok('kb', 'export', OTHER, '--out', 'out');
    expect(await readFile(join(shell.folder, 'out/b/zwei – ü.md'), 'utf8')).toBe('zwei\n');
    expect((await shell.run('kb', 'export', OTHER, '--out', 'out.car')).code).toBe(1);
    const { knowledge_base_version: version } = await document('kb', 'list', OTHER);
    const bytes = await readFile(join(shell.folder, 'out.car'));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(join(shell.folder, 'bent.car'), bytes);
    const refused = await shell.json('kb', 'import', `${OTHER}@${version}`, 'bent.car');
    expect(refused).toMatchObject({ code: 1, document: { ok: false, error: 'export_mismatch' } });
    const there = await shell.json('kb', 'import', `${OTHER}@${version}`, 'out.car');
    expect(there).toMatchObject({ code: 1, document: { error: 'already_exists' } });
  });

  it('stops, and goes on', async () => {
    await ok('kb', 'pause', BASE, '--reason', 'incident-17');
    const paused = await shell.run(
      'kb',
      'propose',
      BASE,
      '--delete',
      'claims/travel.md',
      '--summary',
      'gone',
    );
    expect(paused.code).toBe(1);
    expect(paused.stderr).toContain('attestry kb resume');
    await ok('kb', 'resume', BASE);
    await ok('kb', 'hold', BASE, '--reason', 'audit');
    const proposed = await document(
      'kb',
      'propose',
      BASE,
      '--delete',
      'claims/travel.md',
      '--summary',
      'gone',
    );
    const held = await shell.run('kb', 'accept', proposed.contribution_id);
    expect(held.stderr).toContain('attestry kb release');
    await ok('kb', 'release', BASE);
    await ok('kb', 'reject', proposed.contribution_id, '--reason', 'still-needed');
    expect(await ok('kb', 'review')).toContain('Nothing waits for your review.');
  });

  it('decides about the revision that was looked at, and about no other', async () => {
    const { contribution_id: id, revision_digest: digest } = await document(
      ...['kb', 'propose', BASE, '--put', 'new.md=wording/claims/travel.md', '--summary', 'new'],
    );
    await ok('kb', 'request-changes', id, '--reason', 'sources-missing', '--digest', digest);
    await ok('kb', 'revise', id, '--put', 'new.md=wording/claims/refunds.md', '--summary', 'newer');
    const late = await shell.run('kb', 'accept', id, '--digest', digest);
    expect(late).toMatchObject({ code: 1, stdout: '' });
    expect(late.stderr).toContain('Revision 2 stands now');
    await ok('kb', 'verdict', id, 'fail', '--criteria', 'dates');
    const blocked = await shell.run('kb', 'accept', id);
    expect(blocked.stderr).toContain('nobody can override it');
    await ok('kb', 'withdraw', id, '--reason', 'superseded');
  });

  it('shows and changes the policy that was seen', async () => {
    expect(await ok('kb', 'policy', BASE)).toContain('required_approvals: 1');
    await ok('kb', 'policy', BASE, '--set', 'required_approvals=2');
    expect(await document('kb', 'show', BASE)).toMatchObject({
      policy_version: 2,
      contribution_policy: { required_approvals: 2, allow_self_review: true },
    });
    const wrong = await shell.run('kb', 'policy', BASE, '--set', 'confidence_floor=0.1');
    expect(wrong.code).toBe(1);
  });
});

describe('what stands otherwise than the command takes it', { timeout: 120_000 }, () => {
  it('ends with exit code 1 and the cure: nothing waits, and a role that is declared', async () => {
    const nothing = await shell.json('kb', 'accept', BASE);
    expect(nothing).toMatchObject({ code: 1, document: { error: 'nothing_waits' } });
    const setup = ['kb', 'setup', '--authority', 'acme.example', '--workforce', 'claims'];
    const declared = await shell.run(...setup, '--base', 'third');
    expect(declared).toMatchObject({ code: 1, stdout: '' });
    expect(declared.stderr).toContain('name another role');
  });

  it('gives who was there before the role that it says he has, for the bases that were named alone', async () => {
    const [role, third] = ['role:acme.example:keeper2/v1', 'kb:acme.example:claims:third'];
    const setup = ['kb', 'setup', '--authority', 'acme.example', '--workforce', 'claims'];
    const bases = `policy-wording,prices,third`;
    const { bases: granted, human } = await document(...setup, '--role', 'keeper2', '--base', bases);
    expect(granted).toEqual([BASE, OTHER, third]);
    const { principals } = await document('workforce', 'list', 'workforce:acme.example:claims');
    expect(principals.find((each: { principal: string }) => each.principal === human)).toMatchObject({
      role,
    });
    await register(third);
  });

  it('sends no document of a proposal that has more changes than the policy takes', async () => {
    const third = 'kb:acme.example:claims:third';
    await write('policy.json', (await shell.run('kb', 'policy', third, '--json')).stdout);
    await ok('kb', 'policy', third, '--file', 'policy.json', '--set', 'max_changes=2');
    for (const name of ['a', 'b', 'c']) await write(`few/${name}.md`, `${name}\n`);
    const many = await shell.run('kb', 'put', third, 'few', '--summary', 'three');
    expect(many).toMatchObject({ code: 1, stdout: '' });
    expect(many.stderr).toContain('These are 3 changes, and the policy takes at most 2 at once');
    expect(await registry.sql`select 1 from knowledge_documents where base = ${third}`).toEqual([]);
  });

  it('lists the key of another registry under its own id, and under no other', async () => {
    await ok('keygen', '--key-id', 'abroad');
    const add = ['keys', 'add', '--public', 'abroad.pub', '--namespaces', 'kb:abroad.example:*'];
    const guessed = await shell.run(...add);
    expect(guessed.code).toBe(2);
    expect(guessed.stderr).toContain('--key-id');
    await ok(...add, '--key-id', 'kb.abroad.example.e76aae26');
  });
});

describe('what was', { timeout: 120_000 }, () => {
  it('says what was current at a position of the log or at a time, and nothing of what is to come', async () => {
    const { moves } = await document('kb', 'history', BASE);
    const first = moves.at(-1);
    const then = await document('kb', 'at', BASE, first.moved_at);
    expect(then).toMatchObject({ knowledge_base_version: first.to_version, generation: first.generation });
    const moved = ['--kind', 'KnowledgeBaseCurrentPointerMoved', '--limit', '1'];
    const { events } = await document('kb', 'events', '--base', BASE, ...moved);
    expect(await ok('kb', 'at', BASE, String(events[0].position))).toBe(`${BASE}@${first.to_version}\n`);
    const later = await shell.run('kb', 'at', BASE, '2999-01-01T00:00:00Z');
    expect(later).toMatchObject({ code: 1, stdout: '' });
    expect(later.stderr).toContain('ask for what is current');
  });

  it('names the event that led to a proposal, and says where there was none', async () => {
    const { moves } = await document('kb', 'history', OTHER);
    await write('four.md', 'four\n');
    const caused = await propose(OTHER, 'four.md', '--cause', moves[0].event_id);
    expect(await document('kb', 'ancestry', caused)).toMatchObject({
      parent: { event_ref: moves[0].event_id },
    });
    await write('five.md', 'five\n');
    expect(await ok('kb', 'ancestry', await propose(OTHER, 'five.md'))).toContain('Nothing on record led to');
  });

  it('erases a document when that is said twice, and gives it out no more', async () => {
    const { blob } = await document('kb', 'get', OTHER, 'a/one.md');
    const erase = ['kb', 'erase', OTHER, blob, '--authority', 'GDPR-17', '--reason', 'personal-data'];
    const once = await shell.run(...erase);
    expect(once).toMatchObject({ code: 2, stdout: '' });
    expect(once.stderr).toContain('--yes');
    expect(await ok('kb', 'get', OTHER, 'a/one.md')).toBe('one\n');
    expect(await ok(...erase, '--yes')).toContain('Its bytes are destroyed.');
    const gone = await shell.run('kb', 'get', OTHER, 'a/one.md');
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain('content_erased');
  });
});

describe('a signed decision', { timeout: 120_000 }, () => {
  it('is taken where a policy asks for it, once the registry knows the key', async () => {
    await ok('kb', 'policy', OTHER, '--set', 'signed_decisions=true');
    const { principals } = await document('workforce', 'list', 'workforce:acme.example:claims');
    const me = principals[0].principal;
    await write('prices/list.md', `Prices ${Date.now()}.\n`);
    const id = await propose(OTHER, 'prices');
    const bare = await shell.run('kb', 'accept', id);
    expect(bare).toMatchObject({ code: 1, stdout: '' });
    expect(bare.stderr).toContain('signature_missing');
    await ok('keygen', '--key-id', 'decider');
    await ok('workforce', 'key', me, 'decider.pub');
    expect(await ok('kb', 'accept', id, '--key', 'decider.pem')).toContain('It became version');
  });
});

describe('a workforce', { timeout: 120_000 }, () => {
  it('is staffed: a role, a human, a worker he answers for, a binding, and an end', async () => {
    const [workforce, human] = ['workforce:acme.example:pricing', 'human:acme.example:bo'];
    const worker = 'worker:acme.example:pricing:scribe';
    await ok('account', 'create', 'bo');
    await ok('workforce', 'register', workforce);
    const role = 'role:acme.example:pricing-writer/v1';
    const grant = ['--base', 'kb:acme.example:pricing:tariffs', '--operations', 'retrieve,propose'];
    await ok('workforce', 'role', role, '--workforce', workforce, ...grant);
    expect(await ok('workforce', 'role', role, '--workforce', workforce, ...grant)).toContain('already');
    await ok('workforce', 'principal', human, '--account', 'bo', '--workforce', workforce);
    await ok('workforce', 'principal', worker, '--account', 'bo', '--owner', human, '--role', role);
    await ok('workforce', 'reassign', human, role);
    const { binding } = await document('workforce', 'bind', human, '--capacity', 'reviewer');
    const listed = await ok('workforce', 'list', workforce);
    for (const text of [role, human, worker, binding]) expect(listed).toContain(text);
    await ok('workforce', 'unbind', binding);
    await ok('workforce', 'end', worker);
    expect((await document('workforce', 'list', workforce)).principals).toMatchObject([
      { principal: human, ended_at: null },
      { principal: worker, ended_at: expect.any(String) },
    ]);
  });

  it('lets a worker act under its name, in a trace of its own', async () => {
    const token = /att_\w+/.exec(
      await ok('token', 'create', '--account', 'bo', '--scope', 'knowledge:read,knowledge:write'),
    )?.[0];
    const bo = await newShell({ ATTESTRY_URL: registry.url, ATTESTRY_TOKEN: token ?? '' });
    const foreign = await bo.run('kb', 'get', BASE, 'claims/refunds.md', '--as', 'human:acme.example:bo');
    expect(foreign).toMatchObject({ code: 1, stdout: '' });
    expect(foreign.stderr).toContain('knowledge_not_found');
    const nobody = await shell.run('kb', 'list', '--as', 'human:acme.example:nobody');
    expect(nobody.stderr).toContain('--as PRINCIPAL');
  });
});

describe('wrong use of "kb" ends with exit code 2 and a sentence:', { timeout: 60_000 }, () => {
  it.each([
    ['no base', ['kb', 'get', 'policy-wording', 'a.md'], 'kb:<authority>:<workforce>:<name>'],
    ['no path', ['kb', 'get', BASE, '../a.md'], 'no path in a base'],
    ['no version', ['kb', 'get', `${BASE}@latest`, 'a.md'], 'is no version'],
    ['no summary', ['kb', 'put', BASE, '.'], '--summary'],
    ['nothing to propose', ['kb', 'propose', BASE, '--summary', 'x'], '--put PATH=FILE'],
    ['no reason', ['kb', 'reject', BASE], "required option '--reason <code>'"],
    ['a reason in prose', ['kb', 'reject', BASE, '--reason', 'Because I say so'], 'It is a key'],
    ['no contribution', ['kb', 'accept', 'contribution:x'], 'attestry kb review'],
    ['two current versions', ['kb', 'diff', BASE], 'Name the older version'],
    ['an import of whatever is current', ['kb', 'import', BASE, 'a.car'], 'kb:…@<version>'],
    ['a verdict that is none', ['kb', 'verdict', BASE, 'maybe'], 'pass, fail, revise'],
    ['events of nothing', ['kb', 'events'], '--base'],
    ['a role that grants nothing', ['workforce', 'role', 'role:a.example:x/v1'], '--base'],
  ])('%s', async (_name, args, sentence) => {
    const { code, stdout, stderr } = await (await newShell()).run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });
});

it('reads nothing at all out of a registry that is not there', { timeout: 30_000 }, async () => {
  const { code, stdout } = await (await newShell()).run(
    'kb',
    'get',
    BASE,
    'a.md',
    '--url',
    'http://127.0.0.1:1',
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});
