// One database server for the whole run, with a template that every test file's own database is copied from.
import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { parse } from 'yaml';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { runningServer } from '../../src/database/embedded-server.ts';
import { stopServer } from '../../src/database/embedded-stop.ts';
import { migrate } from '../../src/database/migrate.ts';
import { SCRATCH, scratchFolder } from '../database/scratch.ts';
import { ROOT } from './source.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database on the run's server from which others may be created and dropped. */
    readonly databaseUrl: string;
    /** The migrated database that a test file's own one is copied from. */
    readonly templateDatabase: string;
    /** The documents in openapi/ by their names, as JSON: to read them as YAML takes longer than many a test. */
    readonly openapi: string;
  }
}

const TEMPLATE = 'template_attestry';
const PREFIX = 'attestry-tests-';

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

const databaseOn = (url: string, name: string): string => {
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
};

/** Makes the template afresh; nobody may connect to it afterwards, since that would block the copies. */
const makeTemplate = async (url: string): Promise<void> => {
  const sql = connect({ url, max: 1 });
  await sql`update pg_database set datistemplate = false where datname = ${TEMPLATE}`;
  await sql`drop database if exists ${sql(TEMPLATE)} with (force)`;
  await sql`create database ${sql(TEMPLATE)}`;
  const inside = connect({ url: databaseOn(url, TEMPLATE), max: 1 });
  await migrate(inside, join(ROOT, 'migrations')).finally(() => closeConnection(inside));
  await sql`alter database ${sql(TEMPLATE)} with is_template true allow_connections false`;
  await closeConnection(sql);
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** A run that was killed could not end its server; the folder's name tells whose it was. */
const sweepDeadRuns = async (): Promise<void> => {
  const folders = (await readdir(SCRATCH)).filter((name) => name.startsWith(PREFIX));
  for (const name of folders.filter((each) => !isAlive(Number(each.split('-')[2])))) {
    const folder = join(await realpath(SCRATCH), name);
    const left = await runningServer(join(folder, 'cluster'));
    if (left !== undefined) await stopServer(left, () => {});
    await rm(folder, { recursive: true, force: true });
  }
};

const startOwn = async (): Promise<Server> => {
  await sweepDeadRuns();
  const folder = await scratchFolder(`${PREFIX}${process.pid}-`);
  const embedded = await startEmbedded({ dataDir: folder, fsync: false });
  const stop = async () => {
    await embedded.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: embedded.url, stop };
};

const borrow = (url: string): Server => ({ url, stop: async () => {} });

const readOpenApi = async (): Promise<string> => {
  const folder = join(ROOT, 'openapi');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return JSON.stringify(names.map((name, at) => [name, parse(texts[at] ?? '')]));
};

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const given = process.env.DATABASE_URL_FOR_TESTS;
  const server = given === undefined ? await startOwn() : borrow(given);
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('databaseUrl', server.url);
  project.provide('templateDatabase', TEMPLATE);
  project.provide('openapi', await readOpenApi());
  return () => server.stop();
};
