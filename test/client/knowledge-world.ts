// A registry with one base, of which tests may ask anything and bend any answer: proofs are honest unless they are bent.
import { encodeBase64, fromUtf8, utf8 } from '../../keys/bytes.ts';
import type { JsonObject } from '../../keys/canonical.ts';
import { type Envelope, envelopeText, signEnvelope } from '../../keys/envelope.ts';
import type { Knowledge } from '../../src/client/knowledge/knowledge.ts';
import { type OpenKnowledgeOptions, openKnowledge } from '../../src/client/knowledge/open-knowledge.ts';
import { type MemoryTrustStore, memoryTrustStore } from '../../src/client/trust-state.ts';
import { type Cid, cidOf } from '../../src/protocol/cid.ts';
import { type EventFacts, recordEvent } from '../../src/protocol/event.ts';
import { type Entry, encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import { type KnowledgePayloads, knowledgeEvent } from '../../src/protocol/knowledge/event.ts';
import {
  type BaseId,
  contributionIdOf,
  ownerOf,
  type PrincipalId,
} from '../../src/protocol/knowledge/ids.ts';
import { hashOfList } from '../../src/protocol/knowledge/retrieved.ts';
import {
  encodeVersion,
  type VersionManifest,
  versionCid,
  versionEnvelope,
} from '../../src/protocol/knowledge/version.ts';
import { queryWords, scoreOf, searchableWords } from '../../src/protocol/knowledge/words.ts';
import { compareAsBytes, type KnowledgePath, parseKnowledgePath } from '../../src/protocol/knowledge-path.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { provePaths } from '../../src/protocol/merkle-tree/paths-proof.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { proveDiff, provePath } from '../../src/protocol/merkle-tree/proof.ts';
import { proveRange } from '../../src/protocol/merkle-tree/range-proof.ts';
import { delegationOf, NOW, signer } from '../keys/trust-world.ts';
import { type LoggedRegistry, loggedRegistry } from './logged.ts';

export const BASE = 'kb:acme.example:claims:policy-wording' as BaseId;
export const OTHER_BASE = 'kb:acme.example:claims:price-list' as BaseId;
const ADA = 'human:acme.example:ada' as PrincipalId;
const CONTRIBUTION = contributionIdOf(BASE, '01hzy0000000000000000000aa');

export type Documents = Readonly<Record<string, string>>;

export const FIRST: Documents = {
  'claims/refunds.md': 'Refunds within 30 days. No refunds later.\n',
  'claims/travel.md': 'Travel claims need a receipt.\n',
  'glossary.md': 'A refund is money given back. Refunds are refunds.\n',
};
export const SECOND: Documents = {
  'claims/refunds.md': 'Refunds within 14 days.\n',
  'claims/travel.md': FIRST['claims/travel.md'] ?? '',
  'claims/water.md': 'Water damage: call first.\n',
};

export interface MadeVersion {
  readonly cid: Cid;
  readonly manifest: VersionManifest;
  readonly block: Uint8Array;
  readonly envelope: string;
  readonly entries: ReadonlyMap<KnowledgePath, Entry>;
  readonly documents: Documents;
}

/** What tests may change of a version before it is made, or of what is signed. */
export interface MakeOptions {
  readonly change?: Partial<VersionManifest>;
  readonly signedBy?: string;
  readonly sign?: (envelope: Envelope) => Promise<Envelope>;
}

const entryFor = (text: string): Entry => ({
  blob: cidOf('raw', utf8(text)),
  size: utf8(text).length,
  mediaType: 'text/markdown',
  meta: text.startsWith('Travel') ? { language: 'en' } : {},
});

interface Event {
  readonly id: string;
  readonly index: number;
  readonly full: Uint8Array;
  readonly leaf: Uint8Array;
}

/** An answer that is about to be given; `path` is what was asked for, below the addresses of bases. */
export type Bend = (body: JsonObject, path: string) => JsonObject | undefined;

export interface KnowledgeWorld {
  readonly registry: LoggedRegistry;
  readonly store: MemoryTrustStore;
  readonly first: MadeVersion;
  readonly second: MadeVersion;
  /** Every block there is, by its name. */
  readonly blocks: Map<Cid, Uint8Array>;
  make(documents: Documents, options?: MakeOptions): Promise<MadeVersion>;
  /** Enters its creation into the log, and serves it. */
  create(
    version: MadeVersion,
    said?: Partial<KnowledgePayloads['KnowledgeBaseVersionCreated']>,
  ): Promise<void>;
  /** Moves the pointer, and records that. */
  point(to: MadeVersion, generation: number): Promise<void>;
  /** Changes the answers whose path fits; gives what is sent instead, or undefined for nothing at all (404). */
  bend(path: RegExp, bend: Bend): void;
  /** Sends other bytes for a document. */
  swap(path: string, text: string): void;
  open(options?: Partial<OpenKnowledgeOptions>): Promise<Knowledge>;
  event(kind: string): Event | undefined;
}

const listed = (path: string, entry: Entry): JsonObject => ({
  path,
  entry: entryCid(entry),
  blob: entry.blob,
  size: entry.size,
  media_type: entry.mediaType,
});

const told = (path: string, { blob }: Entry) => ({ path, blob });

export const knowledgeWorld = async (): Promise<KnowledgeWorld> => {
  const registry = await loggedRegistry();
  const store = memoryTrustStore();
  const blocks = new Map<Cid, Uint8Array>();
  const versions = new Map<string, MadeVersion>();
  const created = new Map<Cid, Event>();
  const events = new Map<string, Event & { readonly kind: string }>();
  const bends: { readonly path: RegExp; readonly bend: Bend }[] = [];
  const swaps = new Map<string, string>();
  let keyring = 7;
  let pointer:
    | { readonly version: MadeVersion; readonly generation: number; readonly event: Event }
    | undefined;

  const append = (facts: EventFacts): Event => {
    const id = `event-${registry.log.size()}`;
    const { leaf, sealed } = recordEvent(id, NOW, new Uint8Array(32), facts);
    const event = { id, index: registry.log.append(leaf), full: sealed ?? leaf, leaf };
    events.set(id, { ...event, kind: facts.kind });
    return event;
  };
  const context = (subject: BaseId) => ({
    subject,
    workforce: ownerOf(BASE),
    actor: ADA,
    role: null,
    clauses: ['kb-1', 'kc-1'],
    causationId: null,
  });
  const proofOf = (event: Event): Promise<string> => registry.log.proof(event.index, event.full);
  const refresh = async (): Promise<void> => {
    await registry.serveLog();
    const delegations = [delegationOf('authority', { namespaces: ['kb:acme.example:*'] })];
    keyring += 1;
    await registry.serveKeyring({ version: keyring, delegations });
  };

  const make: KnowledgeWorld['make'] = async (documents, options = {}) => {
    const paths = Object.keys(documents).map(parseKnowledgePath).sort(compareAsBytes);
    const entries = new Map(paths.map((path) => [path, entryFor(documents[path] ?? '')]));
    for (const entry of entries.values()) blocks.set(entryCid(entry), encodeEntry(entry));
    const tree = buildTree(
      KNOWLEDGE_TREE,
      [...entries].map(([path, entry]) => ({ path, value: entryCid(entry) })),
    );
    let step = tree.next();
    for (; step.done !== true; step = tree.next()) blocks.set(step.value.cid, step.value.bytes);
    const all = [...entries.values()];
    const manifest: VersionManifest = {
      v: 1,
      kb: BASE,
      seq: versions.size + 1,
      parent: [...versions.values()].at(-1)?.cid ?? null,
      content: step.value,
      profile: KNOWLEDGE_TREE.name,
      entries: all.length,
      bytes: all.reduce((sum, { size }) => sum + size, 0),
      policyVersion: 1,
      contribution: CONTRIBUTION,
      proposer: ADA,
      createdAt: NOW.toISOString(),
      ...options.change,
    };
    const block = encodeVersion(manifest);
    const signed = await signEnvelope(versionEnvelope(block), [signer(options.signedBy ?? 'authority')]);
    const envelope = envelopeText((await options.sign?.(signed)) ?? signed);
    return { cid: versionCid(block), manifest, block, envelope, entries, documents };
  };

  const create: KnowledgeWorld['create'] = async (version, said = {}) => {
    const { manifest, cid } = version;
    const payload = {
      knowledge_base_id: manifest.kb,
      knowledge_base_version: cid,
      version_seq: manifest.seq,
      parent_version: manifest.parent,
      content: manifest.content,
      entry_count: manifest.entries,
      total_bytes: manifest.bytes,
      contribution_id: manifest.contribution,
      created_by: manifest.proposer,
      ...said,
    };
    versions.set(cid, version);
    created.set(cid, append(knowledgeEvent('KnowledgeBaseVersionCreated', context(manifest.kb), payload)));
    await refresh();
  };

  const point: KnowledgeWorld['point'] = async (to, generation) => {
    const payload = {
      knowledge_base_id: BASE,
      from_version: pointer?.version.cid ?? null,
      to_version: to.cid,
      generation,
      reason: 'accept' as const,
    };
    const event = append(knowledgeEvent('KnowledgeBaseCurrentPointerMoved', context(BASE), payload));
    pointer = { version: to, generation, event };
    await refresh();
  };

  const reader = { profile: KNOWLEDGE_TREE, blocks: { get: async (cid: Cid) => blocks.get(cid) } };
  const base64s = (list: readonly Uint8Array[]): string[] => list.map(encodeBase64);
  const entryBlocks = (entries: readonly Entry[]): string[] =>
    base64s([...new Map(entries.map((entry) => [entryCid(entry), encodeEntry(entry)])).values()]);

  const answerPointer = (): JsonObject | undefined =>
    pointer && {
      knowledge_base_version: pointer.version.cid,
      generation: pointer.generation,
      moved_at: NOW.toISOString(),
      reason: 'accept',
      event_id: pointer.event.id,
    };

  const answerEvent = async (id: string): Promise<JsonObject | undefined> => {
    const event = events.get(id);
    if (event === undefined) return undefined;
    const proof = await proofOf(event);
    return {
      event: fromUtf8(event.full) ?? '',
      leaf: encodeBase64(event.leaf),
      position: event.index,
      proof,
    };
  };

  const answerVersion = async (version: MadeVersion): Promise<JsonObject> => {
    const event = created.get(version.cid);
    return {
      knowledge_base_version: version.cid,
      block: encodeBase64(version.block),
      signature: version.envelope,
      proof: event === undefined ? null : await proofOf(event),
    };
  };

  const answerList = async (version: MadeVersion, query: URLSearchParams): Promise<JsonObject> => {
    const [prefix, after] = [query.get('prefix') ?? '', query.get('after') ?? ''];
    const wanted = { prefix, after, limit: Number(query.get('limit')) };
    const { value, proof } = await proveRange(reader, version.manifest.content, wanted);
    const entries = value.entries.map(({ path }) => [path, version.entries.get(path) as Entry] as const);
    return {
      knowledge_base_version: version.cid,
      entries: entries.map(([path, entry]) => listed(path, entry)),
      next: value.next ?? null,
      retrieved_content_hash: hashOfList(entries.map(([path, entry]) => told(path, entry))),
      blocks: base64s(proof),
      entry_blocks: entryBlocks(entries.map(([, entry]) => entry)),
    };
  };

  const answerProof = async (version: MadeVersion, path: KnowledgePath): Promise<JsonObject> => {
    const { content } = version.manifest;
    const { value, proof } = await provePath(reader, content, path);
    const block = value === undefined ? undefined : blocks.get(value);
    return {
      knowledge_base_version: version.cid,
      content,
      path,
      entry: value ?? null,
      entry_block: block === undefined ? null : encodeBase64(block),
      blocks: base64s(proof),
    };
  };

  const answerSearch = async (version: MadeVersion, query: URLSearchParams): Promise<JsonObject> => {
    const words = queryWords(query.get('q') ?? '') ?? [];
    const found = [...version.entries]
      .map(([path, entry]) => {
        const counted = searchableWords(utf8(version.documents[path] ?? ''));
        return { path, entry, score: counted === undefined ? 0 : scoreOf(counted, words) };
      })
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || compareAsBytes(a.path, b.path))
      .slice(0, Number(query.get('limit')));
    const { proof } = await provePaths(
      reader,
      version.manifest.content,
      found.map(({ path }) => path),
    );
    return {
      knowledge_base_version: version.cid,
      hits: found.map(({ path, entry, score }) => ({ ...listed(path, entry), score })),
      next: null,
      retrieved_content_hash: hashOfList(found.map(({ path, entry }) => told(path, entry))),
      blocks: base64s(proof),
      entry_blocks: entryBlocks(found.map(({ entry }) => entry)),
    };
  };

  const answerDiff = async (
    from: MadeVersion,
    to: MadeVersion,
    query: URLSearchParams,
  ): Promise<JsonObject> => {
    const { value, proof } = await proveDiff(reader, from.manifest.content, to.manifest.content);
    const after = query.get('after') ?? '';
    const page = value
      .filter(({ path }) => compareAsBytes(path, after) > 0)
      .slice(0, Number(query.get('limit')));
    const side = (version: MadeVersion, path: KnowledgePath): JsonObject | null => {
      const entry = version.entries.get(path);
      return entry === undefined ? null : listed(path, entry);
    };
    return {
      from: from.cid,
      to: to.cid,
      differences: page.map(({ path }) => ({ path, before: side(from, path), after: side(to, path) })),
      next: null,
      blocks: base64s(proof),
    };
  };

  const versionFor = (selector: string): MadeVersion | undefined =>
    selector === 'current' ? pointer?.version : versions.get(selector);

  const answer = async (url: URL): Promise<JsonObject | string | undefined> => {
    const [root = '', base, kind, selector = '', what, ...rest] = url.pathname
      .slice('/knowledge/v1/'.length)
      .split('/')
      .map(decodeURIComponent);
    if (root === 'events') return answerEvent(base ?? '');
    if (kind === 'pointer') return answerPointer();
    const version = versionFor(selector);
    if (version === undefined) return undefined;
    const path = rest.join('/') as KnowledgePath;
    if (what === undefined) return answerVersion(version);
    if (what === 'proofs') return answerProof(version, path);
    if (what === 'search') return answerSearch(version, url.searchParams);
    const other = versionFor(path);
    if (what === 'diff') return other && answerDiff(version, other, url.searchParams);
    return path === '' ? answerList(version, url.searchParams) : (swaps.get(path) ?? version.documents[path]);
  };

  registry.lieAbout(/^\/knowledge\/v1\//, async (response, _honest, request) => {
    const url = new URL(request.url ?? '/', registry.url);
    const honest = await answer(url);
    const below = decodeURIComponent(url.pathname + url.search).slice('/knowledge/v1'.length);
    const { bend } = bends.find(({ path }) => path.test(below)) ?? {};
    const sent = typeof honest === 'object' && bend !== undefined ? bend(honest, below) : honest;
    response.writeHead(sent === undefined ? 404 : 200);
    response.end(
      sent === undefined
        ? '{"error":"version_not_found","message":"Not here.","details":{}}'
        : typeof sent === 'string'
          ? sent
          : JSON.stringify(sent),
    );
  });

  const first = await make(FIRST);
  await create(first);
  await point(first, 1);
  const second = await make(SECOND);
  await create(second);
  await point(second, 2);
  return {
    registry,
    store,
    first,
    second,
    blocks,
    make,
    create,
    point,
    bend: (path, bend) => void bends.unshift({ path, bend }),
    swap: (path, text) => void swaps.set(path, text),
    open: (options = {}) =>
      openKnowledge({ url: registry.url, token: 'att_test', store, now: () => NOW, ...options }),
    event: (kind) => [...events.values()].findLast((event) => event.kind === kind),
  };
};
