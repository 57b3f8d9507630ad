// A registry that cannot start says why and what to do about it; only a bug shows where in the code it happened.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ForeignKeys } from '../../src/access/trust.ts';
import { explain } from '../../src/cli/failure.ts';
import { startFailureOf } from '../../src/cli/start-failure.ts';
import { EmbeddedFailure } from '../../src/database/embedded-failure.ts';
import { MigrationRefused } from '../../src/database/migration-files.ts';
import { storageError } from '../../storage/errors.ts';
import { newShell } from '../world/cli.ts';

const field = (type: string, text: string): string => `${type}${text}\0`;

/** A database that refuses every login with this SQLSTATE. */
const refusingDatabase = async (code: string, message: string): Promise<string> => {
  const body = Buffer.from(
    `${field('S', 'FATAL')}${field('V', 'FATAL')}${field('C', code)}${field('M', message)}\0`,
  );
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([head, body])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `postgres://somebody:secret-word@127.0.0.1:${(server.address() as AddressInfo).port}/registry`;
};

const serveWith = async (env: Readonly<Record<string, string>>) => {
  const shell = await newShell(env);
  return { shell, outcome: await shell.run('serve') };
};

const NOBODY = 'postgres://somebody:secret-word@127.0.0.1:1/registry';

describe('serve ends with exit code 1, a sentence and its cure, and no stack:', { timeout: 60_000 }, () => {
  const expectSentence = async (env: Readonly<Record<string, string>>, ...sentences: readonly string[]) => {
    const { outcome } = await serveWith(env);
    const { code, stdout, stderr } = outcome;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    for (const sentence of sentences) expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stderr).not.toContain('secret-word');
  };

  it('a bad setting', () => expectSentence({ ATTESTRY_PORT: 'x' }, 'ATTESTRY_PORT: must be a port'));

  it('several of them, each on its line', () =>
    expectSentence(
      { ATTESTRY_PORT: 'x', ATTESTRY_LOG_LEVEL: 'x' },
      '  ATTESTRY_PORT: must',
      '\n  ATTESTRY_LOG_LEVEL: must',
    ));

  it('a database that is not there', () =>
    expectSentence({ DATABASE_URL: NOBODY }, '127.0.0.1:1', 'ECONNREFUSED', 'DATABASE_URL'));

  it('a database on a machine that is not there', () =>
    expectSentence({ DATABASE_URL: 'postgres://nowhere.invalid/x' }, 'nowhere.invalid', 'DATABASE_URL'));

  it('a wrong password', async () => {
    const message = 'password authentication failed for user "somebody"';
    const url = await refusingDatabase('28P01', message);
    await expectSentence({ DATABASE_URL: url }, message, 'user and password in DATABASE_URL');
  });

  it('a database that does not exist', async () => {
    const url = await refusingDatabase('3D000', 'database "registry" does not exist');
    await expectSentence({ DATABASE_URL: url }, 'does not exist', 'DATABASE_URL');
  });

  it('a data directory that is a file', async () => {
    const shell = await newShell({ ATTESTRY_DATA_DIR: 'data' });
    await writeFile(join(shell.folder, 'data'), '');
    const { code, stderr } = await shell.run('serve');
    expect(code).toBe(1);
    expect(stderr).toContain('ATTESTRY_DATA_DIR');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('as one JSON document where that was asked for', async () => {
    const { code, document } = await (await newShell({ DATABASE_URL: NOBODY })).json('serve');
    expect(code).toBe(1);
    expect(document).toMatchObject({ ok: false, error: 'database_unreachable' });
    expect(document.cure).toContain('DATABASE_URL');
  });
});

describe('what the rooms of the server say about a start that failed is known by its name:', () => {
  const FOREIGN_CURE =
    'Start with the data directory that holds its keys (ATTESTRY_DATA_DIR), or with an empty database.';
  const failures: readonly (readonly [Error, string, string])[] = [
    [
      new EmbeddedFailure('not_a_cluster', 'That is none.', 'Move it away.'),
      'That is none.',
      'Move it away.',
    ],
    [
      new MigrationRefused('edited', '0001_a.sql', 'was changed.', 'Put it back.'),
      'Migration 0001_a.sql was changed.',
      'Put it back.',
    ],
    [new ForeignKeys('The keys are others.'), 'The keys are others.', FOREIGN_CURE],
  ];
  it.each(failures)('%s', (error, sentence, cure) => {
    const failure = startFailureOf(error);
    expect(failure?.exitCode).toBe(1);
    expect(failure?.lines).toEqual([`The registry does not start. ${sentence}`, `  ${cure}`]);
    expect(failure?.json).toMatchObject({ ok: false, message: sentence, cure });
  });

  it('a blob store', () => {
    const failure = startFailureOf(storageError('bad_location', {}, 'That is not a bucket name.'));
    expect(failure?.lines).toEqual([
      'The registry does not start. That is not a bucket name.',
      '  Correct BLOB_URL.',
    ]);
  });

  it('a sentence of several lines, each on its own', () => {
    const failure = startFailureOf(
      new EmbeddedFailure('did_not_start', 'initdb said:\nno room', 'Make room.'),
    );
    expect(failure?.lines).toEqual([
      'The registry does not start. initdb said:',
      '  no room',
      '  Make room.',
    ]);
  });

  it('anything else is not', () => {
    expect(startFailureOf(new TypeError('x is not a function'))).toBeUndefined();
  });
});

describe('a bug', () => {
  it('says that it is one, and where, to people', () => {
    const { exitCode, lines } = explain(new TypeError('x is not a function'));
    expect(exitCode).toBe(1);
    expect(lines[0]).toContain('bug in Attestry');
    expect(lines.join('\n')).toMatch(/TypeError: x is not a function\n\s+at /);
  });

  it('shows machines its message and no stack', () => {
    expect(explain(new TypeError('x is not a function')).json).toEqual({
      ok: false,
      error: 'internal_error',
      cure: expect.stringContaining('report it'),
      message: 'x is not a function',
    });
  });
});
