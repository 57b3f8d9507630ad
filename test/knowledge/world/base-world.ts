// A base with versions on a database of its own, and whatever routes a test mounts: the ground under every read.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { pino } from 'pino';
import { parseKeyId } from '../../../keys/key.ts';
import type { Signer } from '../../../keys/signer.ts';
import { seedSigner } from '../../../keys/signers/seed.ts';
import { authenticate, findToken } from '../../../src/access/authenticate.ts';
import { type WhoActs, whoActs } from '../../../src/access/workforces/acting.ts';
import type { MissingAxis } from '../../../src/access/workforces/authority.ts';
import { bindingInForce } from '../../../src/access/workforces/binding-store.ts';
import { isUnavailable } from '../../../src/database/transaction.ts';
import { createHttpServer } from '../../../src/http/server.ts';
import { type Authorise, authorise } from '../../../src/knowledge/bases/authorise.ts';
import type { BaseRecord } from '../../../src/knowledge/bases/base.ts';
import { findBase } from '../../../src/knowledge/bases/base-store.ts';
import { makeKnowledgeEvent } from '../../../src/knowledge/events/events.ts';
import { type RecordWrite, recordWrite } from '../../../src/knowledge/events/record.ts';
import { createBlockStore } from '../../../src/knowledge/versions/block-store.ts';
import { type BaseId, ownerOf, type PrincipalId, parseBaseId } from '../../../src/protocol/knowledge/ids.ts';
import { makeEvent } from '../../../src/transparency/append.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { createMemoryStore } from '../../../storage/memory-store.ts';
import { BLOB_PREFIX } from '../../../storage/object-keys.ts';
import { ownDatabase } from '../../world/database.ts';
import type { Answer } from '../../world/registry.ts';
import { type Actor, type ActorOptions, ensureWorkforce, makeActor } from './actors.ts';
import { type Changes, type Content, type WriterDeps, type WrittenBase, writeBase } from './written-base.ts';

export interface BaseWorldOptions {
  /** Of the first version; absent: the base has no version. */
  readonly entries?: Readonly<Record<string, Content>>;
  /** The changes of each version after it. */
  readonly versions?: readonly Changes[];
  /** `kb:acme.example:claims:handbook` unless told. */
  readonly id?: string;
  /** Of the base as it is registered. */
  readonly base?: Partial<BaseRecord>;
  /** In memory unless told. */
  readonly blobs?: BlobStore;
  readonly now?: () => Date;
  /** Adds the routes that the test calls. */
  readonly mount?: (router: Router, parts: WorldParts) => void;
}

export interface Refusal {
  readonly actor: PrincipalId;
  readonly base: BaseId;
  readonly missing: MissingAxis | 'human_binding';
}

/** What routes are made of; everything stands on the world's own database. */
export interface WorldParts extends WriterDeps {
  readonly whoActs: WhoActs;
  readonly authorise: Authorise;
  /** Receipts are late in this world: nothing seals. */
  readonly record: RecordWrite;
  /** What was refused, in order. */
  readonly refusals: readonly Refusal[];
  /** Subjects, in order. */
  readonly announced: readonly string[];
  readonly announce: (subject: string) => void;
}

export interface CallOptions {
  /** The reader unless told; null: nobody. */
  readonly as?: Actor | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | object;
}

/** What a write, or a read, may have left behind. */
export interface StoredKnowledge {
  readonly events: number;
  readonly retrievals: number;
  readonly documents: number;
  readonly words: number;
  readonly versions: number;
  readonly blobs: number;
}

export interface BaseWorld extends WorldParts, WrittenBase {
  readonly databaseUrl: string;
  readonly url: string;
  readonly signer: Signer;
  /** A human who may retrieve any version by any verb. */
  readonly reader: Actor;
  /** The address of something below the base. */
  readonly at: (rest: string, base?: BaseId) => string;
  readonly call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  readonly addActor: (id: string, options?: Partial<ActorOptions>) => Promise<Actor>;
  readonly addBase: (id: string, entries?: Changes, base?: Partial<BaseRecord>) => Promise<WrittenBase>;
  readonly stored: () => Promise<StoredKnowledge>;
  readonly stop: () => Promise<void>;
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const baseIdOf = (text: string): BaseId => {
  const id = parseBaseId(text);
  if (id === undefined) throw new Error(`${text} is no base`);
  return id;
};

/** Each actor has an account of its own, so that its token says who acts. */
const partsOf = (deps: WriterDeps, actors: Map<string, Actor>): WorldParts => {
  const { sql, now } = deps;
  const refusals: Refusal[] = [];
  const announced: string[] = [];
  const announce = (subject: string): void => void announced.push(subject);
  return {
    ...deps,
    refusals,
    announced,
    announce,
    whoActs: whoActs({
      authenticate: authenticate({ findToken: findToken(sql), now }),
      principalsOf: async (account) => [actors.get(account)].filter((actor) => actor !== undefined),
    }),
    authorise: authorise({
      findBase: (id) => findBase(sql, id),
      bindingOf: (human, capacities) => bindingInForce(sql, human.id, human.workforce, capacities, now()),
      recordRefusal: async (by, { base }, missing) => refusals.push({ actor: by.id, base, missing }),
    }),
    record: recordWrite({ sql, now, announce, awaitReceipt: async () => undefined }),
  };
};

const caller =
  (url: string, reader: Actor): BaseWorld['call'] =>
  async (method, path, { as = reader, headers = {}, body } = {}) => {
    const isBytes = body instanceof Uint8Array;
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const reply = await fetch(url + path, {
      method,
      headers: {
        ...(as === null ? {} : { Authorization: `Bearer ${as.token}` }),
        ...(as?.id.startsWith('worker:') ? { traceparent: TRACEPARENT } : {}),
        ...(body === undefined ? {} : { 'Content-Type': type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await reply.arrayBuffer());
    const isJson = reply.headers.get('content-type')?.startsWith('application/json') === true;
    const json = isJson && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : undefined;
    return { status: reply.status, headers: reply.headers, bytes, json };
  };

const count = async ({ sql, blobs }: WriterDeps): Promise<StoredKnowledge> => {
  const [row] = await sql<Omit<StoredKnowledge, 'blobs'>[]>`
    select (select count(*) from events) as events, (select count(*) from knowledge_retrievals) as retrievals,
      (select count(*) from knowledge_documents) as documents, (select count(*) from knowledge_words) as words,
      (select count(*) from knowledge_versions) as versions`;
  let held = 0;
  for await (const _ of blobs.list(BLOB_PREFIX)) held += 1;
  if (row === undefined) throw new Error('nothing was counted');
  return { ...row, blobs: held };
};

export const startBaseWorld = async (options: BaseWorldOptions = {}): Promise<BaseWorld> => {
  const { id = 'kb:acme.example:claims:handbook', now = () => new Date(), mount = () => undefined } = options;
  const database = await ownDatabase();
  const { sql } = database;
  const actors = new Map<string, Actor>();
  const parts = partsOf(
    {
      sql,
      now,
      blobs: options.blobs ?? createMemoryStore(),
      blocks: createBlockStore(sql),
      signer: seedSigner(parseKeyId('kb-acme-1'), randomBytes(32)),
      makeEvent: makeKnowledgeEvent(makeEvent({ now })),
    },
    actors,
  );
  const addBase: BaseWorld['addBase'] = async (text, entries, base) => {
    const wanted = baseIdOf(text);
    await ensureWorkforce(sql, ownerOf(wanted), now());
    const written = await writeBase(parts, wanted, base);
    if (entries !== undefined) await written.addVersion(entries);
    return written;
  };
  const main = await addBase(id, options.entries, options.base);
  for (const changes of options.versions ?? []) await main.addVersion(changes);
  const addActor: BaseWorld['addActor'] = async (name, wanted = {}) => {
    const actor = await makeActor(sql, name as PrincipalId, { bases: [main.id], ...wanted }, now());
    actors.set(actor.account, actor);
    return actor;
  };
  const reader = await addActor('human:acme.example:reader');
  const router = new Router({ sensitive: true, strict: true });
  mount(router, parts);
  const log = pino({ level: 'silent' });
  const server = createHttpServer({ router, ready: () => undefined, log, isUnavailable });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...parts,
    ...main,
    url,
    reader,
    databaseUrl: database.url,
    at: (rest, base = main.id) => `/knowledge/v1/bases/${base}${rest}`,
    call: caller(url, reader),
    addActor,
    addBase,
    stored: () => count(parts),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await database.drop();
    },
  };
};
