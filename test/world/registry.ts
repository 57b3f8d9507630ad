// A whole registry in this process, on a database and a disk of its own.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Logger, pino } from 'pino';
import { compose, type Overrides } from '../../src/compose.ts';
import type { Config } from '../../src/config.ts';
import type { Sql } from '../../src/database/connect.ts';
import { DEFAULT_LIMITS } from '../../src/protocol/limits.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { BLOB_PREFIX } from '../../storage/object-keys.ts';
import { ownDatabase } from './database.ts';
import { requireDocumented } from './openapi-check.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The body as JSON; `undefined` where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

export interface CallOptions {
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | object;
}

/** Everything that may be left behind by a write. */
export interface Stored {
  readonly versions: number;
  readonly events: number;
  readonly blobs: number;
}

export interface TestRegistry {
  readonly url: string;
  readonly sql: Sql;
  readonly dataDir: string;
  readonly databaseUrl: string;
  readonly adminToken: string;
  /** Calls the registry as the operator, unless another token, or `null` for none, is given. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  stored(): Promise<Stored>;
  stop(): Promise<void>;
}

export const testConfig = (dataDir: string, databaseUrl: string, changes: Partial<Config> = {}): Config => ({
  host: '127.0.0.1',
  port: 0,
  dataDir,
  publicUrl: undefined,
  mode: 'public',
  registryName: 'test registry',
  allowUnsigned: false,
  vendorDomainProof: 'optional',
  protocolTypeIds: 'warn',
  logLevel: 'silent',
  underNpm: false,
  databaseUrl,
  blobUrl: pathToFileURL(join(dataDir, 'blobs')).href,
  testNamespace: false,
  securityContact: undefined,
  witnesses: [],
  rateLimits: DEFAULT_LIMITS,
  trustedProxies: 0,
  allowPrivateAddresses: false,
  ...changes,
});

const isJson = (headers: Headers): boolean =>
  headers.get('content-type')?.startsWith('application/json') ?? false;

export const caller =
  (url: string, defaultToken: string) =>
  async (
    method: string,
    path: string,
    { token = defaultToken, headers = {}, body }: CallOptions = {},
  ): Promise<Answer> => {
    const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const type =
      body === undefined
        ? {}
        : { 'Content-Type': body instanceof Uint8Array ? 'application/gzip' : 'application/json' };
    const reply = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(token === null ? {} : { Authorization: `Bearer ${token}` }), ...type, ...headers },
      ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
    });
    const answer = Buffer.from(await reply.arrayBuffer());
    const json = isJson(reply.headers) && answer.length > 0 ? JSON.parse(answer.toString('utf8')) : undefined;
    const seen = { status: reply.status, headers: reply.headers, bytes: answer, json };
    requireDocumented(method, path, seen);
    return seen;
  };

const countBlobs = async (dataDir: string): Promise<number> => {
  const store = await openDiskStore(join(dataDir, 'blobs'));
  let count = 0;
  // What the log writes comes with every seal, whoever asked for nothing.
  for await (const _ of store.list(BLOB_PREFIX)) count += 1;
  return count;
};

export const countStored = async (sql: Sql, dataDir: string): Promise<Stored> => {
  const [row] = await sql<{ versions: number; events: number }[]>`
    select (select count(*) from versions) as versions, (select count(*) from events) as events`;
  return { versions: row?.versions ?? -1, events: row?.events ?? -1, blobs: await countBlobs(dataDir) };
};

/** Starts one; `stop` removes all of it. */
export const startRegistry = async (
  changes: Partial<Config> = {},
  overrides: Overrides = {},
  log: Logger = pino({ level: 'silent' }),
): Promise<TestRegistry> => {
  const database = await ownDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'attestry-test-'));
  const config = testConfig(dataDir, database.url, changes);
  const registry = await compose(config, log, overrides);
  registry.server.listen(0, '127.0.0.1');
  await once(registry.server, 'listening');
  const adminToken = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  return {
    url: registry.url(),
    sql: database.sql,
    dataDir,
    databaseUrl: database.url,
    adminToken,
    call: caller(registry.url(), adminToken),
    stored: () => countStored(database.sql, dataDir),
    stop: async () => {
      registry.server.closeAllConnections();
      registry.server.close();
      await registry.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
};
