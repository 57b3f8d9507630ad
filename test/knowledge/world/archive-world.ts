// Two nodes: one where a base has versions, and one where the same base was registered and has none yet.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnvelope, parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import type { NamedKey } from '../../../keys/key.ts';
import { admission } from '../../../src/http/admission.ts';
import { addArchiveRoutes } from '../../../src/knowledge/archive/archive-routes.ts';
import { lookAtExport } from '../../../src/knowledge/archive/export.ts';
import { type ImportDeps, importVersion } from '../../../src/knowledge/archive/import.ts';
import { retrievalAppender } from '../../../src/knowledge/retrieve/retrieval-store.ts';
import { retrieve } from '../../../src/knowledge/retrieve/retrieve.ts';
import { putBlocks } from '../../../src/knowledge/versions/block-store.ts';
import { fault } from '../../../src/protocol/faults.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import { VERSION_PAYLOAD_TYPE } from '../../../src/protocol/knowledge/version.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { createMemoryStore } from '../../../storage/memory-store.ts';
import { createStaging } from '../../../storage/staging.ts';
import type { Answer } from '../../world/registry.ts';
import type { Actor } from './actors.ts';
import { type BaseWorld, type BaseWorldOptions, startBaseWorld } from './base-world.ts';

export interface Node extends BaseWorld {
  /** May retrieve, and import as an operator. */
  readonly operator: Actor;
  readonly import: (version: string, body: Uint8Array, options?: ImportOptions) => Promise<Answer>;
  readonly export: (format: string, version?: string, as?: Actor) => Promise<Answer>;
  /** What of imports, and of the base, may be left behind; garbage that nobody can see is none of it. */
  readonly visible: () => Promise<Visible>;
  /** Files that wait in staging. */
  readonly staged: () => Promise<readonly string[]>;
}

export interface ImportOptions {
  readonly as?: Actor | null;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly base?: BaseId;
}

export interface Visible {
  readonly versions: number;
  readonly entries: number;
  readonly moves: number;
  readonly events: number;
  readonly imports: number;
  readonly current: string | null;
  readonly last_seq: number;
}

export interface NodeOptions extends BaseWorldOptions {
  /** Whose signatures are believed; this node's own unless told. */
  readonly trusted?: () => NamedKey;
  readonly importing?: (deps: ImportDeps) => ImportDeps;
  /** Uploads up to this size wait in memory. */
  readonly stagedInMemory?: number;
  /** How long an import may take. */
  readonly importMs?: number;
  /** How long a sender may be silent at first. */
  readonly graceMs?: number;
}

const believing =
  (trusted: () => NamedKey): ImportDeps['verifyVersion'] =>
  async (_base, manifest, envelope) => {
    try {
      const wanted = { payloadType: VERSION_PAYLOAD_TYPE, keys: [trusted()], threshold: 1 };
      const { payload } = openEnvelope(parseEnvelope(envelope), wanted);
      if (!Buffer.from(payload).equals(manifest)) throw new Error('another manifest');
    } catch (error) {
      if (error instanceof KeyError) throw fault('signature_invalid', { problem: error.code });
      throw error;
    }
  };

export const startNode = async (options: NodeOptions = {}): Promise<Node> => {
  const staging = await mkdtemp(join(tmpdir(), 'attestry-staging-'));
  const trusted = options.trusted ?? (() => ownKey());
  const ownKey = (): NamedKey => ({ keyId: world.signer.keyId, publicKey: world.signer.publicKey });
  const { importing = (deps) => deps, stagedInMemory = 256 * 1024 } = options;
  const world: BaseWorld = await startBaseWorld({
    ...options,
    mount: (router, parts) => {
      const { sql, whoActs, authorise, makeEvent, blocks, blobs } = parts;
      const deps: ImportDeps = {
        ...parts,
        putBlocks: (some) => putBlocks(sql, some),
        staging: createStaging({ directory: staging, memoryBytes: stagedInMemory }),
        verifyVersion: believing(trusted),
        admit: admission({ most: 4, mostOfOne: 2 }),
      };
      addArchiveRoutes(router, {
        whoActs,
        retrieve: retrieve({ authorise, makeEvent, append: retrievalAppender(sql), alarm: () => undefined }),
        lookAtExport: lookAtExport({ db: sql, blocks, blobs }),
        importVersion: importVersion(importing(deps)),
        admitExport: admission({ most: 4, mostOfOne: 2 }),
        pace: { graceMs: options.graceMs ?? 30_000, bytesPerSecond: 1_024 },
        importMs: options.importMs ?? 60_000,
      });
    },
  });
  const operator = await world.addActor('human:acme.example:operator', {
    operations: ['retrieve', 'administer'],
    verbs: ['get', 'list', 'search', 'administer'],
    capacities: ['operator'],
  });
  return {
    ...world,
    operator,
    import: (version, body, { as = operator, type = 'application/vnd.ipld.car', headers = {}, base } = {}) =>
      world.call('POST', `${world.at('/import', base)}?version=${version}`, {
        as,
        body,
        headers: { ...headers, 'Content-Type': type },
      }),
    export: (format, version = 'current', as = world.reader) =>
      world.call('GET', world.at(`/versions/${version}/export/${format}`), { as }),
    visible: async () => {
      const [row] = await world.sql<Visible[]>`
        select (select count(*) from knowledge_versions) as versions,
          (select count(*) from knowledge_entries) as entries,
          (select count(*) from knowledge_pointer_moves) as moves, (select count(*) from events) as events,
          (select count(*) from knowledge_imports) as imports, current, last_seq
        from knowledge_bases where id = ${world.id}`;
      if (row === undefined) throw new Error('the base is gone');
      return row;
    },
    staged: () => readdir(staging).catch(() => []),
    stop: async () => {
      await world.stop();
      await rm(staging, { recursive: true, force: true });
    },
  };
};

export const startPair = async (source: NodeOptions, target: NodeOptions = {}) => {
  const from = await startNode(source);
  const to = await startNode({
    trusted: () => ({ keyId: from.signer.keyId, publicKey: from.signer.publicKey }),
    ...target,
  });
  return { from, to, stop: () => Promise.all([from.stop(), to.stop()]) };
};

/** A store whose puts fail when they are told to. */
export const breakableStore = (): {
  readonly blobs: BlobStore;
  readonly breakAfter: (puts: number) => void;
} => {
  const inner = createMemoryStore();
  let left = Number.POSITIVE_INFINITY;
  const put: BlobStore['put'] = async (key, source) => {
    left -= 1;
    if (left < 0) throw new Error('the disk is on fire');
    return inner.put(key, source);
  };
  return {
    blobs: { ...inner, put },
    breakAfter: (puts) => {
      left = puts;
    },
  };
};
