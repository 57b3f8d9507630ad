// Gathers a registry that keeps a log: read whole and compared with what is served, until both are of one and the same moment.
import { encodeBase64 } from '../../../keys/bytes.ts';
import type { Digest } from '../../../storage/digest.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { at, listOf, textOf } from '../../protocol/manifest/read.ts';
import { parseTilePath, TILE_WIDTH, tileAt } from '../../protocol/tiles.ts';
import type { LogFacts, LoggedEvent } from '../audit/facts.ts';
import { type Look, startAudit } from '../audit/session.ts';
import type { LoggedVersion } from '../audit/version-table.ts';
import { addressOf } from '../discovery.ts';
import type { OpenRegistryOptions } from '../open-registry.ts';
import { refusal } from '../refusal.ts';
import { MAX_ROOT_BYTES } from '../root-walk.ts';
import { strictObjectOf } from '../strict-object.ts';
import type { DocumentSpool } from './document-spool.ts';
import { type ExportProgress, type Gathered, LANES } from './gathering.ts';
import { requireNone } from './verify-export.ts';

const MOST_ROUNDS = 12;
const MAX_STATEMENT_BYTES = 1024 * 1024;
const MAX_KEY_BYTES = 4_096;
const WELL_KNOWN = ['/.well-known/openwop-registry.json', '/.well-known/openwop-registry'];

function* servedOf({ versions }: LogFacts, names: Iterable<string>): Generator<LoggedVersion> {
  for (const name of names) yield* versions.versionsOf(name).filter(({ unpublished }) => !unpublished);
}

const keepStatements = async (
  { registry }: Look,
  facts: LogFacts,
  names: Iterable<string>,
): Promise<void> => {
  const template = registry.discovery.trust?.releaseStatement;
  if (template === undefined) return;
  await inLanes(servedOf(facts, names), LANES, ({ name, version }) =>
    registry.reader.bytes('statement', addressOf(template, { name, version }), MAX_STATEMENT_BYTES),
  );
};

/** Whoever imports it begins at whichever root was handed over. */
const keepRoots = async ({ registry }: Look): Promise<void> => {
  const { reader, discovery, trust } = registry;
  const { root, rootVersion = '' } = discovery.trust ?? {};
  if (root !== undefined) await reader.bytes('root', root, MAX_ROOT_BYTES);
  for (let version = 1; version <= (trust?.root.version ?? 0); version += 1)
    await reader.bytes('root', rootVersion.replaceAll('{version}', String(version)), MAX_ROOT_BYTES);
};

/** Keys of others that signed what is mirrored there: they are listed, and stand in no log of delegations. */
const keepMirroredKeys = async ({ registry }: Look, spool: DocumentSpool): Promise<void> => {
  const documents = await Promise.all(WELL_KNOWN.map(spool.read));
  const read = strictObjectOf(documents.find((each) => each !== undefined) ?? new Uint8Array());
  const listed = read.ok ? listOf(read.object['mirroredKeys']) : [];
  await inLanes(listed, LANES, async (entry) => {
    const keyId = textOf(at(entry, 'keyId'));
    if (keyId === undefined) return;
    await registry.reader.bytes(
      'delegation',
      addressOf(registry.discovery.publicKey, { keyId }),
      MAX_KEY_BYTES,
    );
  });
};

/** Partial tiles and bundles of other sizes of the log: a full one has taken their place, or a wider one. */
const dropStale = (spool: DocumentSpool, size: number): void => {
  for (const path of [...spool.paths()]) {
    const [, level = '', place = '', width] = /\/([^/]+)\/((?:x\d{3}\/)*\d{3})\.p\/(\d+)$/.exec(path) ?? [];
    const tile = parseTilePath(`tile/${level}/${place}`);
    if (tile === undefined || width === undefined) continue;
    const { level: height, index } = tile.kind === 'hashes' ? tile.tile : { level: 0, index: tile.index };
    const now = tileAt(height, index, size)?.width;
    if (now === TILE_WIDTH || now !== Number(width)) spool.drop(path);
  }
};

const tarballsOf = ({ registry }: Look, facts: LogFacts): ReadonlyMap<string, Digest> => {
  const found = new Map<string, Digest>();
  for (const { name, version, tree, sha256 } of servedOf(facts, facts.versions.names())) {
    const template = registry.discovery.trees[tree]?.versionTarball;
    if (template !== undefined) found.set(addressOf(template, { name, version }), sha256 as Digest);
  }
  return found;
};

/** Takes notes of what everybody may see happen; what is sealed changes nothing that is exported. */
const newsTaker = () => {
  const packs = new Set<string>();
  let any = false;
  return {
    take: ({ kind, subject }: LoggedEvent): void => {
      if (kind === 'sealed') return;
      any = true;
      const name = /^pack:([^@]+)@/.exec(subject)?.[1];
      if (name !== undefined) packs.add(name);
    },
    /** The packs of it, where there was any; from then on anew. */
    taken: (): readonly string[] | undefined => {
      const names = any ? [...packs] : undefined;
      any = false;
      packs.clear();
      return names;
    },
  };
};

/**
 * @param options with a transport that keeps what is answered in `spool`
 * @throws Refusal: as `openRegistry`; `export_inconsistent`, `export_unsettled`
 */
export const gatherLogged = async (
  options: OpenRegistryOptions,
  spool: DocumentSpool,
  onProgress: (progress: ExportProgress) => void,
): Promise<Gathered> => {
  const news = newsTaker();
  const tell = (step: 'entries' | 'packs', done: number, of: number) => onProgress({ step, done, of });
  const session = startAudit({ ...options, onProgress: tell }, news.take);
  const { facts, ofLog } = session;
  let look = await session.look();
  let names: readonly string[] | undefined;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    news.taken();
    requireNone(ofLog.all(), ofLog.leftOut());
    const { findings, leftOut } = await session.compare(look, names);
    requireNone(findings, leftOut);
    await keepStatements(look, facts, names ?? facts.versions.names());
    await keepRoots(look);
    await keepMirroredKeys(look, spool);
    look = await session.look();
    names = news.taken();
    if (names !== undefined) continue;
    dropStale(spool, look.head.size);
    const log = { size: look.head.size, root: encodeBase64(look.head.root) };
    return { tarballs: tarballsOf(look, facts), packs: [...facts.versions.names()].length, log };
  }
  throw refusal('registry', 'export_unsettled', { rounds: MOST_ROUNDS });
};
